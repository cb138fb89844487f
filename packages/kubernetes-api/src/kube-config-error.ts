/** A kubeconfig that cannot be used: a sentence for the operator. */
export class KubeConfigError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "KubeConfigError";
  }
}
