import type { ServedGateway } from "../../gateway/gateways.ts";
import { type Answer, type DebugTarget, fault, type ProcessTarget } from "../page.ts";

/** The name of the parameter by which a page is asked of one of several gateways. */
export const GATEWAY = "gateway";

/** What a page about a gateway reads: the one that is asked for, or the only one. An answer says why there is none. */
export function selectGateway(process: ProcessTarget, query: URLSearchParams): DebugTarget | Answer {
  const served = process.gateways.list();
  const wanted = query.get(GATEWAY);
  const [first, ...others] = served;
  if (wanted === null && first !== undefined && others.length === 0) return targetOf(process, first);
  const names = served.map(({ name }) => name);
  const found = served.find(({ name }) => name === wanted);
  if (found !== undefined) return targetOf(process, found);
  if (first === undefined) return fault(404, "No gateway is served here so far.", { gateways: names });
  const list = names.map((name) => JSON.stringify(name)).join(", ");
  return wanted === null
    ? fault(400, `Several gateways are served here; say which by ${GATEWAY}: ${list}.`, { gateways: names })
    : fault(404, `There is no gateway ${JSON.stringify(wanted)}; there are: ${list}.`, { gateways: names });
}

export function isAnswer(one: DebugTarget | Answer): one is Answer {
  return "kind" in one;
}

function targetOf(process: ProcessTarget, gateway: ServedGateway): DebugTarget {
  const { gateways, ads } = process;
  return {
    ...process,
    name: gateway.name,
    controlPlane: gateway.controlPlane,
    view: gateway.view,
    nodes: () => ads.nodes().filter(({ info }) => gateways.of(info)?.name === gateway.name),
    diagnostics: () => gateways.diagnosticsOf(gateway),
  };
}
