import type { ListeningRules } from "@sluice/model";
import { GATEWAY } from "../http/select-gateway.ts";
import { address } from "../links.ts";
import type { Page, ProcessTarget } from "../page.ts";
import { badge, code, count, type Document, dim, fields, link, tableOr } from "../view/document.ts";
import { type ReadinessCheck, readiness } from "./health.ts";
import { type ListedPage, listedPages, pagesBlocks } from "./page-list.ts";

/** The first page of a process with several gateways, or none so far. */
export interface GatewaysData {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
  readonly gateways: readonly {
    readonly name: string;
    readonly listens: ListeningRules;
    readonly hosts: number;
    readonly nodes: number;
    readonly page: string;
  }[];
  readonly pages: readonly ListedPage[];
}

export function gatewaysData(process: ProcessTarget, pages: readonly Page[]): GatewaysData {
  const { gateways, ads } = process;
  const checks = readiness(process);
  const nodes = Map.groupBy(ads.nodes(), ({ info }) => gateways.of(info)?.name);
  return {
    ready: checks.every(({ ok }) => ok),
    checks,
    gateways: gateways.list().map(({ name, definition: { listens }, controlPlane }) => ({
      name,
      listens,
      hosts: controlPlane.model.virtualHosts.size,
      nodes: nodes.get(name)?.length ?? 0,
      page: address("/debug", { [GATEWAY]: name }),
    })),
    pages: listedPages(pages),
  };
}

export function gatewaysDocument(data: GatewaysData): Document {
  return {
    title: "Sluice",
    blocks: [
      fields([["State", badge(data.ready ? "ready" : "not ready", data.ready ? "good" : "bad")]]),
      tableOr(
        "No gateway is served so far: there is no MseIngressConfig.",
        ["Gateway", "Listens to", "Hosts", "Nodes"],
        data.gateways.map(({ name, listens, hosts, nodes, page }) => [
          link(page, name),
          listensText(listens),
          count(hosts, "host"),
          count(nodes, "node"),
        ]),
      ),
      ...pagesBlocks(data.pages),
    ],
  };
}

function listensText({ ingressClass, config, namespace }: ListeningRules) {
  const own = config === undefined ? undefined : ["classes that point at ", code(config)];
  const named =
    ingressClass === undefined
      ? undefined
      : ingressClass === ""
        ? "every Ingress"
        : ["class ", code(ingressClass)];
  return [
    own,
    own !== undefined && named !== undefined ? ", " : undefined,
    named,
    namespace === undefined ? undefined : dim(` in ${namespace}`),
  ];
}
