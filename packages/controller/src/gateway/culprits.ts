export interface Search<T> {
  /** Makes the world be without `out` and says how it is taken: undefined if it is accepted, else the words of a refusal. */
  attempt(out: ReadonlySet<T>): Promise<string | undefined>;
  /** What was said of the world with all suspects in it. */
  readonly words: string;
  /** Whether the world without all suspects is one that is in force, so that going back to it harms nobody. */
  readonly knownGood: boolean;
}

/** Up to so many suspects are left out one by one before anything is tried that may leave out innocents. */
const ONE_BY_ONE = 16;

/**
 * Finds which suspects (the least suspicious first) a world must be without to be accepted, each with the words of
 * the refusal that convicted it. The world ends without exactly these. Undefined if it is refused even
 * without all suspects: then somebody else is at fault, and they are all out when the search ends.
 *
 * A refused world changes nothing where it is refused. So without a state known to be good, each suspect in turn is
 * left out first: a single culprit is found without taking an innocent out of service. Otherwise those that are let
 * in again are halved until culprits stand alone, which costs about 2·log2(n) attempts for each of them.
 */
export async function findCulprits<T>(
  suspects: readonly T[],
  search: Search<T>,
): Promise<ReadonlyMap<T, string> | undefined> {
  const { attempt, words } = search;
  const all = new Set(suspects);
  if (suspects.length === 1 || search.knownGood) {
    if ((await attempt(all)) !== undefined) return undefined;
    if (suspects.length === 1) return withWords(all, words);
  } else if (suspects.length <= ONE_BY_ONE) {
    for (const suspect of suspects.toReversed())
      if ((await attempt(new Set([suspect]))) === undefined) return withWords([suspect], words);
  }
  const out = withWords(all, words);
  await letIn(suspects, out, attempt);
  return (await attempt(new Set(out.keys()))) === undefined ? out : undefined;
}

/** Takes from `out` those of a group with which the world is accepted. The group as a whole is known to be refused. */
async function letIn<T>(
  group: readonly T[],
  out: Map<T, string>,
  attempt: Search<T>["attempt"],
): Promise<void> {
  const middle = Math.ceil(group.length / 2);
  for (const half of [group.slice(0, middle), group.slice(middle)]) {
    const words = await attempt(new Set([...out.keys()].filter((each) => !half.includes(each))));
    const [single, another] = half;
    if (words === undefined) for (const each of half) out.delete(each);
    else if (another !== undefined) await letIn(half, out, attempt);
    else if (single !== undefined) out.set(single, words);
  }
}

function withWords<T>(suspects: Iterable<T>, words: string): Map<T, string> {
  return new Map([...suspects].map((suspect) => [suspect, words]));
}
