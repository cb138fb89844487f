import { PAGING_QUERY, type Part, partOf, readPaging } from "../data/paging.ts";
import { findRendering, resourcesOf } from "../data/renderings.ts";
import { findResourceType, RESOURCE_TYPES, type ResourceType } from "../data/resource-types.ts";
import { address, resourceLink } from "../links.ts";
import { type DebugTarget, fault, type Page, shown } from "../page.ts";
import { type Block, code, type Document, dim, link, paragraph, table, tableOr } from "../view/document.ts";
import { partLine } from "../view/parts.ts";
import { resourcePage } from "./resource.ts";

interface TypeCounts {
  readonly rendering: string;
  readonly types: readonly (ResourceType & { readonly count: number })[];
}

/** How many resources there are of each type. */
export const resources: Page = {
  path: "/debug/resources",
  navigation: "Resources",
  doc: "What nodes should hold, by type. Nodes that have the same extensions share one rendering.",
  query: [],
  answer: ({ controlPlane }) =>
    shown(
      controlPlane.renderings().map((rendering): TypeCounts => {
        const counts = Map.groupBy(rendering.resources.values(), ({ typeUrl }) => typeUrl);
        return {
          rendering: rendering.name,
          types: RESOURCE_TYPES.map((type) => ({ ...type, count: counts.get(type.typeUrl)?.length ?? 0 })),
        };
      }),
      (data) => ({
        title: "Resources",
        blocks: data.flatMap((counts) => countBlocks(counts, data.length > 1)),
      }),
    ),
};

function countBlocks({ rendering, types }: TypeCounts, isOneOfMany: boolean): Block[] {
  return [
    ...(isOneOfMany ? [paragraph("For nodes with ", renderingWords(rendering))] : []),
    table(
      ["Type", "Service", "Resources", "Type URL"],
      types.map(({ name, service, typeUrl, count }) => [
        link(typeAddress(name, rendering), name),
        service.toUpperCase(),
        count,
        dim(typeUrl),
      ]),
    ),
  ];
}

function renderingWords(rendering: string): string {
  return rendering === "full" ? "all extensions" : `all extensions ${rendering}`;
}

function typeAddress(type: string, rendering: string): string {
  return address(`/debug/resources/${type}`, { rendering: rendering === "full" ? undefined : rendering });
}

interface ListedResource {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly origins: number;
}

type ListData = Part<ListedResource> & {
  readonly rendering: string;
  readonly type: string;
  readonly typeUrl: string;
};

/** The resources of a type, or with `name` one of them, decoded. */
export const resourceType: Page = {
  path: "/debug/resources/{type}",
  doc: "The resources of a type; with name one of them in full, with the objects behind it and its state on each node.",
  query: ["name", "rendering", ...PAGING_QUERY],
  answer(target, { segment, query }) {
    const type = findResourceType(segment);
    if (type === undefined)
      return fault(404, `There is no type ${JSON.stringify(segment)} of resources.`, {
        types: RESOURCE_TYPES.flatMap(({ name, service }) => [name, service]),
      });
    const rendering = findRendering(target, query);
    if ("fault" in rendering) return fault(404, rendering.fault);
    const name = query.get("name");
    if (name !== null) return resourcePage(target, rendering, type, name);
    const paging = readPaging(query);
    if ("fault" in paging) return fault(400, paging.fault);
    const part = partOf(resourcesOf(rendering, type.typeUrl), (resource) => resource.name, paging, {
      path: `/debug/resources/${type.name}`,
      query,
    });
    const items = part.items.map(({ name, version, bytes, origins }) => ({
      name,
      version,
      bytes: bytes.length,
      origins: origins.length,
    }));
    const data: ListData = {
      rendering: rendering.name,
      type: type.name,
      typeUrl: type.typeUrl,
      ...part,
      items,
    };
    return shown(data, () => listDocument(data, type, target));
  },
};

function listDocument(data: ListData, type: ResourceType, { controlPlane }: DebugTarget): Document {
  const others = controlPlane.renderings().filter(({ name }) => name !== data.rendering);
  return {
    title: `${type.name} (${type.service.toUpperCase()})`,
    blocks: [
      paragraph(
        dim("Types: "),
        ...RESOURCE_TYPES.flatMap(({ name }) => [link(typeAddress(name, data.rendering), name), " "]),
      ),
      ...(others.length === 0
        ? []
        : [
            paragraph(
              `For nodes with ${renderingWords(data.rendering)}; see also those with `,
              ...others.flatMap(({ name }) => [
                link(typeAddress(type.name, name), renderingWords(name)),
                " ",
              ]),
            ),
          ]),
      tableOr(
        "There is none.",
        ["Name", "Version", "Bytes", "Objects behind it"],
        data.items.map(({ name, version, bytes, origins }) => [
          resourceLink({ typeUrl: type.typeUrl, name }, data.rendering),
          code(version),
          bytes,
          origins,
        ]),
      ),
      partLine(data, "resource"),
    ],
  };
}
