/** What can go wrong when ADS is to be served. */
export type AdsErrorCode = "address-invalid" | "address-in-use" | "address-not-local" | "listen-failed";

/** Ends a command: a code, a sentence, and what to do about it. */
export class AdsError extends Error {
  readonly code: AdsErrorCode;
  readonly hint: string;

  constructor(code: AdsErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "AdsError";
    this.code = code;
    this.hint = hint;
  }
}
