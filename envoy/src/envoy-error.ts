/** Every code of an {@link EnvoyError}. Stable. */
export type EnvoyErrorCode =
  | "envoy-not-found"
  | "envoy-not-runnable"
  | "envoy-too-old"
  | "envoy-fetch-failed"
  | "envoy-exited"
  | "address-invalid";

/** An operator error of this package: what happened in one sentence, and in `hint` what to do about it. */
export class EnvoyError extends Error {
  readonly code: EnvoyErrorCode;
  readonly hint: string;

  constructor(code: EnvoyErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EnvoyError";
    this.code = code;
    this.hint = hint;
  }
}
