/** The names on either side, sorted, with what they stand for; those that stand for one and the same value are left out. */
export function changedEntries<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): { readonly name: string; readonly old: T | undefined; readonly new: T | undefined }[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .map((name) => ({ name, old: before.get(name), new: after.get(name) }))
    .filter((entry) => entry.old !== entry.new);
}
