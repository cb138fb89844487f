/** Every code of a {@link ClusterError}. Stable. */
export type ClusterErrorCode =
  | "go-missing"
  | "go-too-old"
  | "build-failed"
  | "tool-missing"
  | "no-namespace"
  | "part-exited"
  | "no-such-kind";

/** An error of whoever runs the cluster: what happened in one sentence, and in `hint` what to do about it. */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  readonly hint: string;

  constructor(code: ClusterErrorCode, message: string, hint: string, options?: ErrorOptions) {
    // A test report shows the message alone.
    super(`${message} ${hint}`, options);
    this.name = "ClusterError";
    this.code = code;
    this.hint = hint;
  }
}
