import type { NodeView, TypeView } from "@sluice/ads";
import { renderingOf } from "../../gateway/gateways.ts";
import { PAGING_QUERY } from "../data/paging.ts";
import { typeName } from "../data/resource-types.ts";
import { ago, isoTime } from "../data/time.ts";
import { nodeAddress, resourceLink } from "../links.ts";
import { type DebugTarget, fault, type Page, shown } from "../page.ts";
import {
  type Block,
  badge,
  code,
  count,
  type Document,
  dim,
  heading,
  type Inline,
  lines,
  link,
  paragraph,
  table,
} from "../view/document.ts";
import { nodeTypePage } from "./node-type.ts";

export interface NodeData {
  readonly node: string;
  readonly cluster: string;
  readonly userAgent: string;
  readonly version: string;
  readonly variant: string;
  readonly rendering: string;
  readonly connectedAt?: string;
  /** Another stream of the same node came later. */
  readonly superseded: boolean;
  /** Nothing to send, nothing to wait for. */
  readonly idle: boolean;
  readonly types: readonly TypeData[];
}

interface TypeData {
  readonly type: string;
  readonly typeUrl: string;
  /** `*`, or how many names. */
  readonly subscribed: "*" | number;
  readonly sent: number;
  readonly accepted: number;
  readonly refused: readonly { name: string; version: string; words: string; at?: string }[];
  readonly waiting: number;
  /** How much the node has not answered, and since when. */
  readonly inFlight?: { readonly resources: number; readonly sentAt?: string };
  readonly totals: TypeView["totals"];
  readonly lastMs?: number;
  readonly medianMs?: number;
}

/** Each node with, per type, what was sent, accepted, refused and is under way; with `type` all its names. */
export const nodes: Page = {
  path: "/debug/nodes",
  navigation: "Nodes",
  doc: "What each Envoy was sent, has accepted and refused (in its words), and how long it took; with node and type by name.",
  query: ["node", "type", ...PAGING_QUERY],
  answer(target, { query }) {
    const wanted = query.get("node");
    const found = target.nodes().filter(({ info }) => wanted === null || info.id === wanted);
    if (wanted !== null && found.length === 0)
      return fault(404, `No node ${JSON.stringify(wanted)} is connected.`);
    const type = query.get("type");
    const [node] = found;
    if (type !== null && wanted !== null && node !== undefined)
      return nodeTypePage(target, node, type, query);
    return shown(
      found.map((view) => nodeData(view, target)),
      document,
    );
  },
};

function nodeData(view: NodeView, target: DebugTarget): NodeData {
  const { info, variant, superseded, idle } = view;
  return {
    node: info.id,
    cluster: info.cluster,
    userAgent: info.userAgent,
    version: info.version,
    variant,
    rendering: renderingOf(target, info).name,
    ...timeOf("connectedAt", view.connectedAt),
    superseded,
    idle,
    types: Object.entries(view.types).map(([typeUrl, type]) => typeData(typeUrl, type)),
  };
}

function typeData(typeUrl: string, view: TypeView): TypeData {
  const { subscribed, sent, accepted, refused, waiting, inFlight, totals, lastMs, medianMs } = view;
  return {
    type: typeName(typeUrl),
    typeUrl,
    subscribed: subscribed === "*" ? "*" : subscribed.length,
    sent: Object.keys(sent).length,
    accepted: Object.keys(accepted).length,
    refused: refused.map(({ at, ...rest }) => ({ ...rest, ...timeOf("at", at) })),
    waiting: waiting.length,
    ...(inFlight && {
      inFlight: {
        resources: inFlight.names.length,
        ...timeOf("sentAt", inFlight.sentAt),
      },
    }),
    totals,
    ...(lastMs === undefined ? {} : { lastMs }),
    ...(medianMs === undefined ? {} : { medianMs }),
  };
}

function timeOf<K extends string>(key: K, milliseconds: number): { readonly [N in K]?: string } {
  const time = isoTime(milliseconds);
  // A computed key widens to any string.
  return (time === undefined ? {} : { [key]: time }) as { readonly [N in K]?: string };
}

function document(data: readonly NodeData[]): Document {
  return {
    title: data.length === 1 && data[0] !== undefined ? `Node ${data[0].node}` : "Nodes",
    blocks: data.length === 0 ? [paragraph(dim("No node is connected."))] : data.flatMap(nodeBlocks),
  };
}

function nodeBlocks(data: NodeData): Block[] {
  const refused = data.types.flatMap((type) => type.refused.map((one) => ({ type, ...one })));
  return [
    heading(data.node),
    paragraph(
      badge(data.idle ? "up to date" : "busy", data.idle ? "good" : "warn"),
      data.superseded ? [" ", badge("superseded by a later stream", "warn")] : undefined,
      dim(` ${aboutNode(data).join(" · ")}`),
    ),
    table(
      [
        "Type",
        "Asked for",
        "Sent",
        "Accepted",
        "Refused",
        "Waiting",
        "In flight",
        "Time to accept",
        "On the wire",
      ],
      data.types.map((type) => typeRow(data, type)),
    ),
    ...(refused.length === 0
      ? []
      : [
          table(
            ["Refused", "Version", "When", "Envoy's words"],
            refused.map(({ type, name, version, at, words }) => [
              [dim(`${type.type} `), resourceLink({ typeUrl: type.typeUrl, name }, data.rendering)],
              code(version),
              ago(at),
              words,
            ]),
          ),
        ]),
  ];
}

function aboutNode({ userAgent, version, cluster, variant, connectedAt, rendering }: NodeData): string[] {
  return [
    `${userAgent} ${version}`.trim(),
    `cluster ${cluster}`,
    variant === "delta" ? "delta" : "state of the world",
    `connected ${ago(connectedAt)}`,
    `rendering: ${rendering}`,
  ].filter((text) => text !== "");
}

function typeRow(node: NodeData, type: TypeData): Inline[] {
  const { inFlight, totals, lastMs, medianMs } = type;
  return [
    link(nodeAddress(node.node, type.typeUrl), type.type),
    type.subscribed === "*" ? "all" : type.subscribed,
    type.sent,
    type.accepted,
    type.refused.length === 0 ? 0 : badge(`${type.refused.length}`, "bad"),
    type.waiting === 0 ? 0 : badge(`${type.waiting}`, "warn"),
    inFlight === undefined ? dim("–") : [`${inFlight.resources} `, dim(`since ${ago(inFlight.sentAt)}`)],
    lastMs === undefined || medianMs === undefined
      ? dim("–")
      : [milliseconds(lastMs), dim(` (median ${milliseconds(medianMs)})`)],
    lines([
      `${count(totals.responses, "response")}, ${size(totals.bytes)}`,
      dim(`${count(totals.resources, "resource")}, ${count(totals.removals, "removal")}`),
    ]),
  ];
}

function milliseconds(time: number): string {
  return `${time < 10 ? Math.round(time * 10) / 10 : Math.round(time)} ms`;
}

function size(bytes: number): string {
  return bytes < 1024
    ? `${bytes} B`
    : `${(bytes / 1024).toLocaleString("en", { maximumFractionDigits: 1 })} KiB`;
}
