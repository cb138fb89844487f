/** The text that takes fewest changes to become the one given, if it takes no more than a third of its letters. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(text, candidate) }))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const [best] = ranked;
  return best !== undefined && best.distance <= text.length / 3 ? best.candidate : undefined;
}

/** Longer names are misspelt no further, and need not cost more. */
const MAX_LENGTH = 100;

/** Levenshtein's distance, case ignored: letters to insert, remove or replace. */
function editDistance(a: string, b: string): number {
  const [from, to] = [a.slice(0, MAX_LENGTH).toLowerCase(), b.slice(0, MAX_LENGTH).toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
