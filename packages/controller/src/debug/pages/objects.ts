import {
  CLUSTER_SCOPED,
  type Diagnostic,
  KINDS,
  type Kind,
  type KubeObject,
  type ObjectRef,
  objectKey,
  type SourceLocation,
} from "@sluice/model";
import { PAGING_QUERY, type Part, partOf, readPaging } from "../data/paging.ts";
import { refOf } from "../data/show-object.ts";
import { isoTime } from "../data/time.ts";
import { address, locationText, objectLink } from "../links.ts";
import { type DebugTarget, fault, type Page, shown } from "../page.ts";
import { badge, code, type Document, dim, type Inline, link, paragraph, tableOr } from "../view/document.ts";
import { partLine } from "../view/parts.ts";
import { objectPage } from "./object.ts";

interface ListedObject extends ObjectRef {
  readonly created?: string;
  readonly location?: SourceLocation;
  readonly errors: number;
  readonly warnings: number;
}

/** The objects in the store; one alone if kind, name and (for kinds that have one) namespace are given. */
export const objects: Page = {
  path: "/debug/objects",
  navigation: "Objects",
  doc: "What the control plane has read: all objects, or one with its findings and all that it shapes.",
  query: ["kind", "namespace", "name", ...PAGING_QUERY],
  answer(target, { query }) {
    const [kind, namespace, name] = ["kind", "namespace", "name"].map((key) => query.get(key) ?? undefined);
    if (kind !== undefined && !isKind(kind))
      return fault(400, `There is no kind ${JSON.stringify(kind)}; there are: ${KINDS.join(", ")}.`);
    const paging = readPaging(query);
    if ("fault" in paging) return fault(400, paging.fault);
    if (kind !== undefined && name !== undefined && (namespace !== undefined || CLUSTER_SCOPED.has(kind)))
      return objectPage(target, { kind, namespace: namespace ?? "", name }, paging, query);
    const found = target.store
      .dump()
      .filter(
        ({ kind: its, metadata }) =>
          (kind === undefined || its === kind) &&
          (namespace === undefined || metadata.namespace === namespace) &&
          (name === undefined || metadata.name === name),
      );
    const part = partOf(found, (object) => objectKey(refOf(object)), paging, {
      path: "/debug/objects",
      query,
    });
    return shown({ ...part, items: listed(target, part.items) }, (data) => document(data, target, query));
  },
};

function isKind(text: string): text is Kind {
  return KINDS.some((kind) => kind === text);
}

function listed(target: DebugTarget, items: readonly KubeObject[]): readonly ListedObject[] {
  const found = Map.groupBy(target.diagnostics(), ({ origin }) => origin && objectKey(origin.object));
  return items.map((object) => {
    const ref = refOf(object);
    const diagnostics = found.get(objectKey(ref)) ?? [];
    const created = isoTime(object.metadata.creationTimestamp);
    return {
      ...ref,
      ...(created === undefined ? {} : { created }),
      ...(object.location === undefined ? {} : { location: object.location }),
      errors: countOf(diagnostics, "error"),
      warnings: countOf(diagnostics, "warning"),
    };
  });
}

function countOf(diagnostics: readonly Diagnostic[], severity: Diagnostic["severity"]): number {
  return diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
}

function document(part: Part<ListedObject>, { store }: DebugTarget, query: URLSearchParams): Document {
  const kinds = KINDS.filter((kind) => store.keys(kind).current().size > 0);
  return {
    title: query.get("kind") ?? "Objects",
    blocks: [
      paragraph(dim("Kinds: "), link("/debug/objects", "all"), ...kinds.map((kind) => kindLink(kind, store))),
      tableOr(
        "There is no such object.",
        ["Object", "Findings", "Created", "Where"],
        part.items.map((item) => [
          objectLink(item),
          findings(item),
          dim(item.created ?? ""),
          item.location === undefined ? undefined : locationText(item.location),
        ]),
      ),
      partLine(part, "object"),
    ],
  };
}

function kindLink(kind: Kind, store: DebugTarget["store"]): Inline {
  return [
    " · ",
    link(address("/debug/objects", { kind }), kind),
    " ",
    code(`${store.keys(kind).current().size}`),
  ];
}

function findings({ errors, warnings }: ListedObject): Inline {
  return [
    errors === 0 ? undefined : badge(`${errors} ${errors === 1 ? "error" : "errors"}`, "bad"),
    " ",
    warnings === 0 ? undefined : badge(`${warnings} ${warnings === 1 ? "warning" : "warnings"}`, "warn"),
  ];
}
