/** Which part of a list is asked for. */
export interface Paging {
  readonly limit: number;
  /** The key of the last entry of the part before; empty: from the start. */
  readonly after: string;
}

/** A part of a list, and how to get the next one. */
export interface Part<T> {
  /** Of the whole list. */
  readonly total: number;
  readonly items: readonly T[];
  /** Absent on the last part. */
  readonly next?: string;
}

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 10_000;

/** The names of the parameters that {@link readPaging} reads. */
export const PAGING_QUERY = ["limit", "after"] as const;

/** Reads `limit` (1 to 10,000, default 200) and `after`; a sentence if `limit` is no such number. */
export function readPaging(query: URLSearchParams): Paging | { readonly fault: string } {
  const text = query.get("limit") ?? "";
  const limit = text === "" ? DEFAULT_LIMIT : Number(text);
  if (!/^\d*$/.test(text) || limit < 1 || limit > MAX_LIMIT)
    return { fault: `limit must be a whole number from 1 to ${MAX_LIMIT}.` };
  return { limit, after: query.get("after") ?? "" };
}

/**
 * The part of a list that is asked for. `sorted` is in ascending order of its keys, which are unique. An entry that
 * has gone meanwhile does not matter: the part starts at the first key beyond it. `path` and `query` are those of the
 * page, for the address of the next part.
 */
export function partOf<T>(
  sorted: readonly T[],
  keyOf: (item: T) => string,
  { limit, after }: Paging,
  address: { readonly path: string; readonly query: URLSearchParams },
): Part<T> {
  const found = after === "" ? 0 : sorted.findIndex((item) => keyOf(item) > after);
  const start = found < 0 ? sorted.length : found;
  const items = sorted.slice(start, start + limit);
  const last = items.at(-1);
  const part = { total: sorted.length, items };
  if (last === undefined || start + limit >= sorted.length) return part;
  const query = new URLSearchParams(address.query);
  query.set("after", keyOf(last));
  return { ...part, next: `${address.path}?${query}` };
}
