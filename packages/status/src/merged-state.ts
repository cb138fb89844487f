import type { ObjectKey } from "@sluice/model";
import type { PublishedAddress } from "./facts.ts";
import type { KnownIngress } from "./known-ingresses.ts";
import type { Liveness, LiveState, Missing } from "./liveness.ts";
import type { PeerReports } from "./peer-reports.ts";

/** A gateway of this process. */
export interface ReportedGateway {
  readonly name: string;
  readonly liveness: Pick<Liveness, "state" | "missing">;
  /** Whether it serves the Ingress, as far as the objects say. */
  serves(ingress: ObjectKey): boolean;
  /** Whether everything that is known has been rendered. */
  isCurrent(): boolean;
  /** Where it can be reached; undefined: it is not known. */
  addresses(): readonly PublishedAddress[] | undefined;
}

/** An Ingress over all gateways that serve it, and all replicas. */
export interface Merged extends LiveState {
  /** Undefined: not all of them are known. */
  readonly addresses: readonly PublishedAddress[] | undefined;
  /** Why nodes do not count; asked for only where it is told. */
  missing(): readonly Missing[];
}

/**
 * The sums over the gateways of this process and over the other replicas. Undefined: no gateway serves it. `unknown`: what
 * the API server has now has not reached the gateways.
 */
export function mergedState(
  key: ObjectKey,
  known: Pick<KnownIngress, "revision" | "formVersion">,
  all: readonly ReportedGateway[],
  peers: Pick<PeerReports, "standings"> | undefined,
): Merged | "unknown" | undefined {
  const gateways = all.filter((gateway) => gateway.serves(key));
  if (gateways.length === 0) return undefined;
  const { revision, formVersion } = known;
  const states = gateways.map(({ liveness }) => liveness.state(key));
  const own = states.filter((state): state is LiveState => state?.revision === revision);
  const [first] = own;
  if (first === undefined || own.length < gateways.length) return "unknown";
  const asked = { key, revision, formVersion, gateways: gateways.map(({ name }) => name) };
  const elsewhere = peers?.standings(asked) ?? [];
  const sum = (field: "nodes" | "accepted" | "refused"): number =>
    [...own, ...elsewhere].reduce((total, each) => total + each[field], 0);
  return {
    revision,
    generation: first.generation,
    nodes: sum("nodes"),
    accepted: sum("accepted"),
    refused: sum("refused"),
    addresses: addressesOf(gateways),
    missing: () => [
      ...gateways.flatMap(({ liveness }) => liveness.missing(key)),
      ...elsewhere.flatMap(({ missing }) => missing),
    ],
  };
}

function addressesOf(gateways: readonly ReportedGateway[]): readonly PublishedAddress[] | undefined {
  const lists = gateways.map((gateway) => gateway.addresses());
  const known = lists.filter((list) => list !== undefined);
  if (known.length === 0 || known.length < lists.length) return undefined;
  const distinct = new Map(known.flat().map((each) => [`${each.ip ?? ""} ${each.hostname ?? ""}`, each]));
  return [...distinct.values()];
}
