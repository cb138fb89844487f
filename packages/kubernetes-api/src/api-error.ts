/** An answer of the API server that is not the one asked for. */
export class ApiError extends Error {
  readonly status: number;
  /** Milliseconds that the server asks to wait before the next attempt; 0: it does not say. */
  readonly retryAfterMs: number;

  constructor(status: number, message: string, retryAfterMs = 0) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether the error is this answer of the API server. */
export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

/**
 * Whether the API server understood and will not do it: asking again soon is of no use. Anything else (no connection, an
 * error of its own, too many requests, credentials that have expired) passes.
 */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && !PASSING.has(error.status);
}

const PASSING: ReadonlySet<number> = new Set([401, 408, 410, 429]);

/** The error in a sentence for people; of a network error the code is what tells. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : undefined;
  const code = codeOf(error) ?? codeOf(cause);
  const text = error.message || cause?.message || error.name;
  return code === undefined || text.includes(code) ? text : `${text} (${code})`;
}

function codeOf(error: Error | undefined): string | undefined {
  return error !== undefined && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
