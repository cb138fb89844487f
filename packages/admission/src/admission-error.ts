/** Why the webhook cannot be served: a sentence for the operator, and what to do. */
export class AdmissionError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AdmissionError";
    this.hint = hint;
  }
}
