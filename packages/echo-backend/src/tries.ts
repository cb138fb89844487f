/** So many requests are remembered; older ones are forgotten, so that a long load test stays small. */
const REMEMBERED = 10_000;

/** A counter per request: each call gives which try this is, from 1. */
export function countTries(): (request: string) => number {
  const seen = new Map<string, number>();
  return (request) => {
    const at = (seen.get(request) ?? 0) + 1;
    seen.set(request, at);
    if (seen.size > REMEMBERED) {
      const [oldest] = seen.keys();
      if (oldest !== undefined) seen.delete(oldest);
    }
    return at;
  };
}
