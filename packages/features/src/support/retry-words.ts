import { bad, ok, type ValueType } from "@sluice/feature-api";

/** What `proxy-next-upstream` says. */
export interface RetryWords {
  /** Beats all else. */
  readonly off: boolean;
  /** `error` or `timeout`: failed connections and tries, resets, answers of 5xx. */
  readonly failures: boolean;
  /** `invalid_header`: answers of 5xx. */
  readonly serverErrors: boolean;
  /** `http_CODE`, in rising order. */
  readonly statuses: readonly number[];
  /** Requests that are not idempotent may be sent twice. */
  readonly nonIdempotent: boolean;
}

const WORDS = new Set(["error", "timeout", "invalid_header", "non_idempotent", "off"]);

const EXPECTED =
  "words out of error, timeout, invalid_header, http_CODE with a code of 400 to 599, non_idempotent, off, separated by blanks or commas";

/** Words in any order, separated by blanks or commas. One that is not known spoils the value. */
export const retryWordsType: ValueType<RetryWords> = {
  expected: EXPECTED,
  schema: { type: "string" },
  parse: (text) => {
    const words = new Set(text.split(/[\s,]+/).filter((word) => word !== ""));
    const statuses: number[] = [];
    for (const word of words) {
      const code = /^http_([45][0-9][0-9])$/.exec(word)?.[1];
      if (code !== undefined) statuses.push(Number(code));
      else if (!WORDS.has(word)) return bad(EXPECTED);
    }
    if (words.size === 0) return bad(EXPECTED);
    return ok({
      off: words.has("off"),
      failures: words.has("error") || words.has("timeout"),
      serverErrors: words.has("invalid_header"),
      statuses: statuses.sort((a, b) => a - b),
      nonIdempotent: words.has("non_idempotent"),
    });
  },
};

/** What holds when a retry key is set and this one is not. */
export const DEFAULT_RETRY_WORDS: RetryWords = {
  off: false,
  failures: true,
  serverErrors: false,
  statuses: [],
  nonIdempotent: false,
};
