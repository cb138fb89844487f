import type { ObjectKey } from "@sluice/model";
import { parseObjectKey } from "@sluice/model";
import type { Missing } from "./liveness.ts";
import type { ReplicaReport } from "./replica-report.ts";
import { isAtLeast } from "./resource-version.ts";

/** Another replica, as far as its report says. */
export interface Peer {
  /** That of its Pod, or of its Lease. */
  readonly name: string;
  /** Undefined: it cannot be read, so that not even its nodes are known. */
  readonly report: ReplicaReport | undefined;
  /** Whether it lives and does not renew its report. */
  readonly isSilent: boolean;
}

/** Which form of an Ingress is asked about. */
export interface AskedIngress {
  readonly key: ObjectKey;
  readonly revision: string;
  /** A `resourceVersion` since which it has had this form. */
  readonly formVersion: string;
  /** The gateways that serve it. */
  readonly gateways: readonly string[];
}

/** How far an Ingress has come on the nodes of another replica. */
export interface PeerStanding {
  readonly nodes: number;
  readonly accepted: number;
  readonly refused: number;
  readonly missing: readonly Missing[];
  /** It has not seen this form yet. */
  readonly isBehind: boolean;
}

const NONE: PeerStanding = { nodes: 0, accepted: 0, refused: 0, missing: [], isBehind: false };

/**
 * All of its nodes count if it says that it has seen this form, or a later one, and does not name the Ingress as open. What
 * is not known counts as not accepted. Pure.
 */
export function standingOf({ name, report, isSilent }: Peer, asked: AskedIngress): PeerStanding {
  // How many nodes it has is not known, only that nothing is known of them.
  if (report === undefined)
    return {
      ...NONE,
      nodes: 1,
      missing: [{ node: "?", replica: name, unknown: "its report cannot be read" }],
    };
  const gateways = asked.gateways.flatMap((gateway) => report.gateways[gateway] ?? []);
  const nodes = gateways.reduce((sum, gateway) => sum + gateway.nodes, 0);
  if (nodes === 0) return NONE;
  const lacking = (unknown: string, isBehind = false): PeerStanding => ({
    ...NONE,
    nodes,
    missing: [
      {
        node: namesOf(
          gateways.flatMap(({ names }) => names),
          nodes,
        ),
        replica: name,
        unknown,
      },
    ],
    isBehind,
  });
  if (isSilent) return lacking("its replica does not report");
  const { namespace } = parseObjectKey(asked.key);
  const position = report.positions[namespace] ?? report.positions[""];
  if (!isAtLeast(position, asked.formVersion)) return lacking("its replica has not seen this form yet", true);
  const open = report.open.get(asked.key);
  if (open === undefined)
    return report.more > 0 ? lacking("its replica is behind with many") : { ...NONE, nodes, accepted: nodes };
  // That of a form that is still to be seen here says nothing about this one.
  if (open.revision !== asked.revision) return lacking("its replica has seen another form");
  return {
    nodes,
    accepted: Math.min(open.accepted, nodes - 1),
    refused: Math.min(open.refused, nodes),
    missing:
      open.missing.length > 0
        ? open.missing.map((missing) => ({ ...missing, replica: name }))
        : lacking("it has not accepted all").missing,
    isBehind: false,
  };
}

function namesOf(names: readonly string[], nodes: number): string {
  const shown = names.slice(0, 3).join(", ");
  return nodes > 3 ? `${shown} and ${nodes - 3} more` : shown;
}
