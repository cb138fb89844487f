import { type Diagnostic, type Origin, type Resource, type ResourceRef, resourceKey } from "@sluice/model";
import { TYPE_URLS, toJson } from "@sluice/protos";
import type { Rendering } from "../../gateway/rendering.ts";
import { type NodeState, nodeState, nodesOf } from "../data/node-state.ts";
import { byName } from "../data/renderings.ts";
import { type ResourceType, typeName } from "../data/resource-types.ts";
import { originLink, resourceLink } from "../links.ts";
import { type Answer, type DebugTarget, fault, shown } from "../page.ts";
import {
  code,
  type Document,
  dim,
  fields,
  heading,
  type Inline,
  json,
  lines,
  tableOr,
} from "../view/document.ts";
import { diagnosticsTable, nodeStateLines } from "../view/parts.ts";

interface ResourceData {
  readonly rendering: string;
  readonly type: string;
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly origins: readonly Origin[];
  /** Of a virtual host: where each of its routes comes from, in order of precedence. */
  readonly routes?: readonly { readonly name: string; readonly origins: readonly Origin[] }[];
  readonly dependsOn: readonly ResourceRef[];
  /** How many resources refer to it, and the first of them by name. */
  readonly referencedBy: { readonly total: number; readonly items: readonly ResourceRef[] };
  readonly nodes: readonly NodeState[];
  readonly diagnostics: readonly Diagnostic[];
  /** As proto JSON, secrets redacted. */
  readonly message: unknown;
}

/** References that are listed; a default RouteConfiguration has one of each host. */
const MAX_REFERENCES = 50;

/** One resource: where it comes from, what it goes with, how far it has come, and what it says. */
export function resourcePage(
  target: DebugTarget,
  rendering: Rendering,
  { name: type, typeUrl }: ResourceType,
  name: string,
): Answer {
  const resource = rendering.resources.get(resourceKey({ typeUrl, name }));
  if (resource === undefined)
    return fault(404, `There is no resource ${JSON.stringify(name)} among the ${type} of this rendering.`);
  const { version, bytes, origins, dependsOn } = resource;
  const data: ResourceData = {
    rendering: rendering.name,
    type,
    typeUrl,
    name,
    version,
    bytes: bytes.length,
    origins,
    ...routesOf(target, resource),
    dependsOn,
    referencedBy: referencesTo(resource, rendering),
    nodes: nodesOf(target, rendering).map((node) => nodeState(node, resource, version)),
    diagnostics: rendering.diagnostics.get(resourceKey(resource)) ?? [],
    message: toJson(typeUrl, bytes, { redact: true }),
  };
  return shown(data, document);
}

function routesOf({ view }: DebugTarget, { typeUrl, name }: ResourceRef): Pick<ResourceData, "routes"> {
  if (typeUrl !== TYPE_URLS.VIRTUAL_HOST) return {};
  // Named TABLE/HOST; a host holds no slash.
  const host = view.virtualHost(name.slice(name.lastIndexOf("/") + 1));
  return host === undefined ? {} : { routes: host.routes.map(({ name, origins }) => ({ name, origins })) };
}

function referencesTo(resource: Resource, { resources }: Rendering): ResourceData["referencedBy"] {
  const found = [...resources.values()]
    .filter(({ dependsOn }) =>
      dependsOn.some(({ typeUrl, name }) => typeUrl === resource.typeUrl && name === resource.name),
    )
    .sort(byName);
  const items = found.slice(0, MAX_REFERENCES).map(({ typeUrl, name }) => ({ typeUrl, name }));
  return { total: found.length, items };
}

function document(data: ResourceData): Document {
  const { rendering, type, typeUrl, name, version, bytes, origins, dependsOn, referencedBy, nodes } = data;
  const references = (list: readonly ResourceRef[]): Inline[] =>
    list.map((ref) => [dim(`${typeName(ref.typeUrl)} `), resourceLink(ref, rendering)]);
  const hidden = referencedBy.total - referencedBy.items.length;
  return {
    title: name,
    blocks: [
      fields([
        ["Type", [type, " ", dim(typeUrl)]],
        ["Rendering", rendering === "full" ? undefined : rendering],
        ["Version", [code(version), dim(` · ${bytes.toLocaleString("en")} bytes`)]],
        ["Comes from", origins.length === 0 ? dim("the gateway itself") : lines(origins.map(originLink))],
        ["Depends on", dependsOn.length === 0 ? undefined : lines(references(dependsOn))],
        [
          "Needed by",
          referencedBy.total === 0
            ? undefined
            : lines([...references(referencedBy.items), ...(hidden > 0 ? [dim(`and ${hidden} more`)] : [])]),
        ],
        ["On the nodes", nodeStateLines(nodes, typeUrl)],
      ]),
      ...(data.diagnostics.length === 0 ? [] : [diagnosticsTable(data.diagnostics, "")]),
      ...(data.routes === undefined
        ? []
        : [
            heading("Where its routes come from"),
            tableOr(
              "It has none.",
              ["Route", "Object and field"],
              data.routes.map((route) => [code(route.name), lines(route.origins.map(originLink))]),
            ),
          ]),
      heading("Message"),
      json(data.message),
    ],
  };
}
