import type { Diagnostic } from "@sluice/model";
import { quarantine } from "../data/quarantine.ts";
import { GATEWAY, isAnswer, selectGateway } from "../http/select-gateway.ts";
import { type DebugTarget, type Page, type ProcessTarget, shown } from "../page.ts";
import {
  badge,
  count,
  type Document,
  dim,
  fields,
  type Inline,
  lines,
  link,
  type Tone,
} from "../view/document.ts";
import { countSeverities } from "./diagnostics.ts";
import { gatewaysData, gatewaysDocument } from "./gateways.ts";
import { type ReadinessCheck, readiness } from "./health.ts";
import { type ListedPage, listedPages, pagesBlocks } from "./page-list.ts";

interface Overview {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
  readonly revision: number;
  readonly objects: number;
  readonly ingresses: number;
  readonly resources: readonly { readonly rendering: string; readonly count: number }[];
  readonly nodes: { readonly connected: number; readonly busy: number };
  readonly diagnostics: Readonly<Record<Diagnostic["severity"], number>>;
  readonly quarantine: number;
  readonly pages: readonly ListedPage[];
}

/** The first page: how the gateway is, and all other pages. */
export function overview(pages: () => readonly Page[]): Page {
  return {
    path: "/debug",
    of: "process",
    navigation: "Overview",
    doc: "How the gateway is, in numbers, and all pages.",
    query: [GATEWAY],
    answer(process, { query }) {
      const served = process.gateways.list();
      if (served.length !== 1 && !query.has(GATEWAY))
        return shown(gatewaysData(process, pages()), gatewaysDocument);
      const target = selectGateway(process, query);
      return isAnswer(target) ? target : shown(overviewData(process, target, pages()), document);
    },
  };
}

function overviewData(process: ProcessTarget, target: DebugTarget, pages: readonly Page[]): Overview {
  const { store, controlPlane } = target;
  const checks = readiness(process);
  const nodes = target.nodes();
  const objects = store.dump();
  return {
    ready: checks.every(({ ok }) => ok),
    checks,
    revision: store.revision(),
    objects: objects.length,
    ingresses: objects.filter(({ kind }) => kind === "Ingress").length,
    resources: controlPlane
      .renderings()
      .map(({ name, resources }) => ({ rendering: name, count: resources.size })),
    nodes: { connected: nodes.length, busy: nodes.filter(({ idle }) => !idle).length },
    diagnostics: countSeverities(target.diagnostics()),
    quarantine: quarantine(target).length,
    pages: listedPages(pages),
  };
}

function document(data: Overview): Document {
  const { nodes, diagnostics } = data;
  return {
    title: "Sluice",
    blocks: [
      fields([
        [
          "State",
          lines([badge(data.ready ? "ready" : "not ready", data.ready ? "good" : "bad"), ...missing(data)]),
        ],
        [
          "Objects",
          [
            link("/debug/objects", count(data.objects, "object")),
            dim(", "),
            link("/debug/objects?kind=Ingress", count(data.ingresses, "Ingress", "Ingresses")),
            dim(` · revision ${data.revision}`),
          ],
        ],
        [
          "Diagnostics",
          [
            severity(diagnostics.error, "error", "bad"),
            severity(diagnostics.warning, "warning", "warn"),
            severity(diagnostics.info, "info", "plain"),
          ],
        ],
        [
          "Resources",
          lines(
            data.resources.map(({ rendering, count: number }) => [
              link("/debug/resources", count(number, "resource")),
              data.resources.length === 1 ? undefined : dim(` ${rendering}`),
            ]),
          ),
        ],
        [
          "Nodes",
          [
            link("/debug/nodes", count(nodes.connected, "node")),
            nodes.busy === 0 ? undefined : dim(`, ${nodes.busy} of them busy`),
          ],
        ],
        [
          "Quarantine",
          data.quarantine === 0
            ? dim("nothing")
            : link("/debug/quarantine", count(data.quarantine, "refusal by Envoy", "refusals by Envoy")),
        ],
      ]),
      ...pagesBlocks(data.pages),
    ],
  };
}

function missing({ checks }: Overview): Inline[] {
  return checks.flatMap(({ name, missing: text, note = text }) =>
    note === undefined ? [] : [`${name}: ${note}`],
  );
}

function severity(number: number, name: Diagnostic["severity"], tone: Tone): Inline {
  const words = number === 1 || name === "info" ? name : `${name}s`;
  if (number === 0) return [dim(`0 ${words}`), " "];
  return [badge(`${number}`, tone), " ", link(`/debug/diagnostics?severity=${name}`, words), " "];
}
