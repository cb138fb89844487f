/** Codes of errors that end a command. */
export type OperatorErrorCode =
  | "admission"
  | "settings"
  | "config-file"
  | "input"
  | "listen"
  | "envoy"
  | "kubeconfig"
  | "server"
  | "usage";

/** What ends a command: a sentence for the operator, and what to do next. Never made of user objects. */
export class OperatorError extends Error {
  readonly code: OperatorErrorCode;
  readonly hint: string | undefined;

  constructor(code: OperatorErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "OperatorError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** The text of an error for people: the sentence, and the hint of ours if there is one. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = "hint" in error && typeof error.hint === "string" ? `\n  ${error.hint}` : "";
  return `${error.message}${hint}`;
}
