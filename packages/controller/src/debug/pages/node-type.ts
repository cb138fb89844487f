import type { NodeView } from "@sluice/ads";
import { renderingOf } from "../../gateway/gateways.ts";
import { type NodeState, nodeState } from "../data/node-state.ts";
import { type Part, partOf, readPaging } from "../data/paging.ts";
import { findResourceType } from "../data/resource-types.ts";
import { nodeLink, resourceLink } from "../links.ts";
import { type Answer, type DebugTarget, fault, shown } from "../page.ts";
import { badge, code, type Document, dim, paragraph, tableOr } from "../view/document.ts";
import { partLine, stateBadge } from "../view/parts.ts";

interface NamedState extends NodeState {
  readonly name: string;
  /** Absent: it is to be removed. */
  readonly wanted?: string;
}

type TypeStates = Part<NamedState> & {
  readonly node: string;
  readonly type: string;
  readonly typeUrl: string;
  readonly rendering: string;
};

/** Every resource of a type as one node has it, or should have it. */
export function nodeTypePage(
  target: DebugTarget,
  node: NodeView,
  word: string,
  query: URLSearchParams,
): Answer {
  const type = findResourceType(word);
  if (type === undefined) return fault(404, `There is no type ${JSON.stringify(word)} of resources.`);
  const paging = readPaging(query);
  if ("fault" in paging) return fault(400, paging.fault);
  const { name: typeName, typeUrl } = type;
  const rendering = renderingOf(target, node.info);
  const versions = new Map(
    [...rendering.resources.values()]
      .filter((resource) => resource.typeUrl === typeUrl)
      .map(({ name, version }) => [name, version]),
  );
  const names = new Set([...versions.keys(), ...Object.keys(node.types[typeUrl]?.accepted ?? {})]);
  const part = partOf([...names].sort(), (name) => name, paging, { path: "/debug/nodes", query });
  const items = part.items.map((name): NamedState => {
    const wanted = versions.get(name);
    return {
      name,
      ...(wanted === undefined ? {} : { wanted }),
      ...nodeState(node, { typeUrl, name }, wanted),
    };
  });
  const data: TypeStates = {
    node: node.info.id,
    type: typeName,
    typeUrl,
    rendering: rendering.name,
    ...part,
    items,
  };
  return shown(data, document);
}

function document(data: TypeStates): Document {
  return {
    title: `${data.type} on ${data.node}`,
    blocks: [
      paragraph(dim("Node "), nodeLink(data.node)),
      tableOr(
        "There is none.",
        ["Name", "State", "Wanted", "Held", ""],
        data.items.map(({ name, state, wanted, held, words, waitsFor }) => [
          wanted === undefined ? name : resourceLink({ typeUrl: data.typeUrl, name }, data.rendering),
          stateBadge(state),
          wanted === undefined ? badge("to be removed", "warn") : code(wanted),
          held === undefined ? dim("–") : code(held),
          words ?? (waitsFor && [dim("for "), resourceLink(waitsFor, data.rendering)]),
        ]),
      ),
      partLine(data, "resource"),
    ],
  };
}
