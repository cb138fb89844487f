import type { Diagnostic, Severity } from "@sluice/model";
import { PAGING_QUERY, type Part, readPaging } from "../data/paging.ts";
import { address } from "../links.ts";
import { type DebugTarget, fault, type Page, shown } from "../page.ts";
import { type Document, dim, link, paragraph } from "../view/document.ts";
import { diagnosticsTable, partLine } from "../view/parts.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

type Findings = Part<Diagnostic> & { readonly counts: Readonly<Record<Severity, number>> };

const FILTERS = ["severity", "code", "kind", "namespace", "name"] as const;

/** All findings about objects, each with the place of its object. */
export const diagnostics: Page = {
  path: "/debug/diagnostics",
  navigation: "Diagnostics",
  doc: "What is wrong with the objects, or not as its author may think.",
  query: [...FILTERS, ...PAGING_QUERY],
  answer(target, { query }) {
    const paging = readPaging(query);
    if ("fault" in paging) return fault(400, paging.fault);
    // Findings have no key; their place in the list stands in, in which `after` counts those before.
    const skipped = paging.after === "" ? 0 : Number(paging.after);
    if (!Number.isSafeInteger(skipped) || skipped < 0)
      return fault(400, "after must be the number of findings to skip.");
    const all = target.diagnostics();
    const found = all.filter((diagnostic) => matches(diagnostic, query));
    const end = skipped + paging.limit;
    const next = new URLSearchParams(query);
    next.set("after", `${end}`);
    const data: Findings = {
      counts: countSeverities(all),
      total: found.length,
      items: found.slice(skipped, end).map((diagnostic) => located(diagnostic, target)),
      ...(end < found.length ? { next: `/debug/diagnostics?${next}` } : {}),
    };
    return shown(data, document);
  },
};

function matches({ severity, code, origin }: Diagnostic, query: URLSearchParams): boolean {
  const values = { severity, code, ...origin?.object };
  return FILTERS.every((name) => !query.has(name) || query.get(name) === values[name]);
}

/** Counts findings by severity; every severity is there. */
export function countSeverities(list: readonly Diagnostic[]): Findings["counts"] {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of list) counts[severity]++;
  return counts;
}

/** A finding with the place of its object, if it has none of its own. */
function located(diagnostic: Diagnostic, { store }: DebugTarget): Diagnostic {
  const object = diagnostic.origin?.object;
  if (diagnostic.location !== undefined || object === undefined) return diagnostic;
  const location = store.get(object.kind, object.namespace, object.name)?.location;
  return location === undefined ? diagnostic : { ...diagnostic, location };
}

function document(data: Findings): Document {
  return {
    title: "Diagnostics",
    blocks: [
      paragraph(
        link("/debug/diagnostics", "all"),
        ...SEVERITIES.flatMap((severity) => [
          " · ",
          link(address("/debug/diagnostics", { severity }), severity),
          dim(` ${data.counts[severity]}`),
        ]),
      ),
      diagnosticsTable(data.items, "There is nothing to say."),
      partLine(data, "finding"),
    ],
  };
}
