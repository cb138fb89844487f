import { type Diagnostic, displayName, type ObjectRef, type SourceLocation } from "@sluice/model";
import { type NodeState, nodeState, nodesOf } from "../data/node-state.ts";
import { type Paging, type Part, partOf } from "../data/paging.ts";
import { type QuarantineEntry, quarantine } from "../data/quarantine.ts";
import { typeName } from "../data/resource-types.ts";
import { showObject } from "../data/show-object.ts";
import { locationText, resourceLink } from "../links.ts";
import { type Answer, type DebugTarget, fault, shown } from "../page.ts";
import {
  type Block,
  badge,
  code,
  type Document,
  dim,
  fields,
  heading,
  json,
  paragraph,
  tableOr,
} from "../view/document.ts";
import { diagnosticsTable, nodeStateLines, partLine } from "../view/parts.ts";

interface ObjectData {
  readonly object: Readonly<Record<string, unknown>>;
  readonly location?: SourceLocation;
  readonly diagnostics: readonly Diagnostic[];
  /** Set while nodes are not served what this object asks for. */
  readonly quarantine: readonly QuarantineEntry[];
  /** What it shapes, and how far that has come. */
  readonly resources: Part<ShapedResource>;
}

interface ShapedResource {
  readonly rendering: string;
  readonly type: string;
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
  /** The fields of the object that matter to it, where they are known. */
  readonly fields: readonly string[];
  readonly nodes: readonly NodeState[];
}

/** One object: what it says, what is to be said about it, and what has become of it on each node. */
export function objectPage(
  target: DebugTarget,
  ref: ObjectRef,
  paging: Paging,
  query: URLSearchParams,
): Answer {
  const object = target.store.get(ref.kind, ref.namespace, ref.name);
  if (object === undefined) return fault(404, `There is no ${ref.kind} ${displayName(ref)}.`);
  const { location } = object;
  // Compared field by field, since it is asked of every origin of every resource.
  const isAbout = ({ kind, namespace, name }: ObjectRef): boolean =>
    name === ref.name && namespace === ref.namespace && kind === ref.kind;
  const data: ObjectData = {
    object: showObject(object),
    ...(location === undefined ? {} : { location }),
    diagnostics: target.diagnostics().filter(({ origin }) => origin && isAbout(origin.object)),
    quarantine: quarantine(target).filter(({ objects }) => objects.some(isAbout)),
    resources: shapedResources(target, isAbout, paging, query),
  };
  return shown(data, () => document(ref, data));
}

function shapedResources(
  target: DebugTarget,
  isAbout: (object: ObjectRef) => boolean,
  paging: Paging,
  query: URLSearchParams,
): Part<ShapedResource> {
  const found = target.controlPlane.renderings().flatMap((rendering) =>
    [...rendering.resources.values()].flatMap((resource) => {
      const origins = resource.origins.filter(({ object }) => isAbout(object));
      return origins.length === 0 ? [] : [{ rendering, resource, origins }];
    }),
  );
  const keyOf = ({ rendering, resource }: (typeof found)[number]): string =>
    `${rendering.name}\n${typeName(resource.typeUrl)}\n${resource.name}`;
  found.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const part = partOf(found, keyOf, paging, { path: "/debug/objects", query });
  const renderings = new Set(part.items.map(({ rendering }) => rendering));
  const nodes = new Map([...renderings].map((rendering) => [rendering, nodesOf(target, rendering)]));
  return {
    ...part,
    items: part.items.map(({ rendering, resource, origins }) => ({
      rendering: rendering.name,
      type: typeName(resource.typeUrl),
      typeUrl: resource.typeUrl,
      name: resource.name,
      version: resource.version,
      fields: origins.flatMap(({ field }) => field ?? []),
      nodes: (nodes.get(rendering) ?? []).map((node) => nodeState(node, resource, resource.version)),
    })),
  };
}

function document(ref: ObjectRef, data: ObjectData): Document {
  return {
    title: `${ref.kind} ${displayName(ref)}`,
    blocks: [
      ...(data.location === undefined ? [] : [paragraph(locationText(data.location))]),
      ...data.quarantine.flatMap(quarantineBlocks),
      heading("Findings"),
      diagnosticsTable(data.diagnostics, "Nothing is to be said about it."),
      heading("What it shapes"),
      tableOr(
        "It shapes no resource.",
        ["Type", "Resource", "Version", "On the nodes"],
        data.resources.items.map(({ rendering, type, typeUrl, name, version, nodes }) => [
          type,
          [
            resourceLink({ typeUrl, name }, rendering),
            rendering === "full" ? undefined : dim(` (${rendering})`),
          ],
          code(version),
          nodeStateLines(nodes, typeUrl),
        ]),
      ),
      ...(data.resources.total === 0 ? [] : [partLine(data.resources, "resource")]),
      heading("As it was read"),
      json(data.object),
    ],
  };
}

function quarantineBlocks({ words, resource, rendering, earlierFormServes }: QuarantineEntry): Block[] {
  return [
    fields([
      ["Quarantine", [badge("refused by Envoy", "bad"), " ", resourceLink(resource, rendering)]],
      ["Envoy's words", words],
      ["Meanwhile", earlierFormServes ? "its last accepted form serves on" : "it takes no traffic"],
    ]),
  ];
}
