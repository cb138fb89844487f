import { type ObjectKey, parseObjectKey } from "@sluice/model";
import { z } from "zod";
import type { Missing } from "./liveness.ts";

/** What one replica of the control plane tells the others of its own nodes. */
export interface ReplicaReport {
  readonly gateways: Readonly<Record<string, GatewayReport>>;
  /** Up to which `resourceVersion` it has seen the Ingresses of a namespace; `""`: of all namespaces. */
  readonly positions: Readonly<Record<string, string>>;
  /** Ingresses that it has seen and that not all of its nodes have accepted. */
  readonly open: ReadonlyMap<ObjectKey, OpenIngress>;
  /** How many more there are. Then nothing is known of an Ingress that is not among those above. */
  readonly more: number;
}

export interface GatewayReport {
  /** Connected nodes. */
  readonly nodes: number;
  /** The names of some of them. */
  readonly names: readonly string[];
  /** How many of them have accepted every listener. */
  readonly listening: number;
}

/** An Ingress as the replica has seen it last. */
export interface OpenIngress {
  readonly revision: string;
  /** Nodes that have accepted this revision whole. */
  readonly accepted: number;
  readonly refused: number;
  /** Why not all, for some of them. */
  readonly missing: readonly Missing[];
}

/** An object of Kubernetes has annotations of up to 256 KiB altogether, and a report is written as a whole. */
export const MAX_OPEN_BYTES = 65_536;
/** Of so many it is told why. */
export const MAX_EXPLAINED = 50;
const MAX_MISSING = 3;
const MAX_WORDS = 300;
const MAX_NAMES = 20;

const MissingSchema = z.object({
  node: z.string(),
  resource: z.string().optional(),
  words: z.string().optional(),
});
const Report = z.object({
  gateways: z.record(
    z.string(),
    z.object({ nodes: z.number(), names: z.array(z.string()), listening: z.number() }),
  ),
  positions: z.record(z.string(), z.string()),
  open: z.array(
    z.object({
      ingress: z.string(),
      revision: z.string(),
      accepted: z.number(),
      refused: z.number(),
      missing: z.array(MissingSchema).optional(),
    }),
  ),
  more: z.number(),
});

/** As text of a bounded size. Refused Ingresses come first; those that find no room are counted. */
export function encodeReport(report: ReplicaReport): string {
  const entries = [...report.open].sort(([, a], [, b]) => b.refused - a.refused);
  const open: unknown[] = [];
  let bytes = 0;
  for (const [key, { missing, ...rest }] of entries) {
    const { namespace, name } = parseObjectKey(key);
    const explained = open.length < MAX_EXPLAINED && missing.length > 0 ? { missing: bounded(missing) } : {};
    const entry = { ingress: `${namespace}/${name}`, ...rest, ...explained };
    bytes += Buffer.byteLength(JSON.stringify(entry));
    if (bytes > MAX_OPEN_BYTES) break;
    open.push(entry);
  }
  const gateways = Object.fromEntries(
    Object.entries(report.gateways).map(([name, gateway]) => [
      name,
      { ...gateway, names: gateway.names.slice(0, MAX_NAMES) },
    ]),
  );
  return JSON.stringify({
    gateways,
    positions: report.positions,
    open,
    more: report.more + entries.length - open.length,
  });
}

/** Undefined for what is no report, as that of another release may be. */
export function decodeReport(text: string): ReplicaReport | undefined {
  try {
    const { open, ...rest } = Report.parse(JSON.parse(text));
    return {
      ...rest,
      open: new Map(
        open.map(({ ingress, missing = [], ...entry }) => [
          // Its form is that of a key without its kind.
          `Ingress/${ingress}` as ObjectKey,
          { ...entry, missing: missing.map(missingOf) },
        ]),
      ),
    };
  } catch {
    return undefined;
  }
}

function bounded(missing: readonly Missing[]): readonly Missing[] {
  return missing
    .slice(0, MAX_MISSING)
    .map((each) => (each.words === undefined ? each : { ...each, words: each.words.slice(0, MAX_WORDS) }));
}

function missingOf({ node, resource, words }: z.infer<typeof MissingSchema>): Missing {
  return {
    node,
    ...(resource === undefined ? {} : { resource }),
    ...(words === undefined ? {} : { words }),
  };
}
