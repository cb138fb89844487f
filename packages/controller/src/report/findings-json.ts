import type { Diagnostic } from "@sluice/model";
import type { Finding, Place } from "./findings.ts";
import type { Summary } from "./summary.ts";

/** What `sluice check --format json` prints. */
export interface FindingsJson {
  readonly diagnostics: readonly (Omit<Diagnostic, "location"> & { readonly location?: Place })[];
  readonly summary: Summary;
}

export function findingsJson(findings: readonly Finding[], summary: Summary): FindingsJson {
  return {
    diagnostics: findings.map(({ diagnostic, place }) => {
      const { location: _coarse, ...rest } = diagnostic;
      return place === undefined ? rest : { ...rest, location: place };
    }),
    summary,
  };
}
