import type { Diagnostic, KubeObject, Severity } from "@sluice/model";

/** What a check has looked at and found, in numbers. */
export interface Summary {
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
  /** Files with objects or findings. */
  readonly files: number;
  readonly ingresses: number;
}

export function summarize(diagnostics: readonly Diagnostic[], objects: readonly KubeObject[]): Summary {
  const count = (severity: Severity): number => diagnostics.filter((one) => one.severity === severity).length;
  const files = new Set([...diagnostics, ...objects].flatMap(({ location }) => location?.file ?? []));
  return {
    errors: count("error"),
    warnings: count("warning"),
    infos: count("info"),
    files: files.size,
    ingresses: objects.filter(({ kind }) => kind === "Ingress").length,
  };
}

/** `2 errors, 1 warning in 3 files (12 Ingresses)`; `no problems in …` if there are neither. */
export function summaryText({ errors, warnings, infos, files, ingresses }: Summary): string {
  const found = [
    ...(errors > 0 ? [counted(errors, "error")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
    ...(infos > 0 ? [counted(infos, "note")] : []),
  ];
  const what = found.length === 0 ? "no problems" : found.join(", ");
  return `${what} in ${counted(files, "file")} (${counted(ingresses, "Ingress", "Ingresses")})`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
