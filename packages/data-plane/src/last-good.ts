/**
 * The spec that a MseIngressConfig had when each part of it was last good: it is kept in `status.lastGood`, so that after a
 * restart a part that is bad by then stays as it was. A part is what is two levels deep, as
 * `global.ipAccessControl`.
 */
export type LastGood = Readonly<Record<string, unknown>>;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The spec with the bad parts as they were. `badKeys` are paths with `spec.` before them, as diagnostics have them. A bad
 * part that never was good is left out. `undefined` while the spec is nothing that fields can be read from.
 */
export function lastGoodSpec(
  spec: unknown,
  badKeys: readonly string[],
  previous: LastGood | undefined,
): LastGood | undefined {
  if (!isFields(spec)) return previous;
  let good: Fields = spec;
  for (const key of badKeys) {
    const [first, second] = key
      .replace(/^spec\./, "")
      .replaceAll(/\[\d+\]/g, "")
      .split(".");
    if (first === undefined) continue;
    const [now, before] = [good[first], previous?.[first]];
    if (second !== undefined && isFields(now))
      good = replaced(good, first, replaced(now, second, isFields(before) ? before[second] : undefined));
    else good = replaced(good, first, before);
  }
  return good;
}

function replaced(fields: Fields, name: string, value: unknown): Fields {
  const { [name]: _, ...rest } = fields;
  return value === undefined ? rest : { ...rest, [name]: value };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
