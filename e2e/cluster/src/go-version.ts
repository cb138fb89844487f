/**
 * Whether what `go env GOVERSION` prints (`go1.26.3`, `go1.27rc1`, with a suffix or not) is at least a version as in
 * the go line of a go.mod file. What cannot be read is not.
 */
export function goAtLeast(version: string, needed: string): boolean {
  const have = numbers(/^go(\d[\d.]*)/.exec(version)?.[1]);
  const want = numbers(needed);
  if (have.length === 0) return false;
  for (let at = 0; at < want.length; at++) {
    const difference = (have[at] ?? 0) - (want[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version = ""): number[] {
  return version.split(".").filter(Boolean).map(Number);
}
