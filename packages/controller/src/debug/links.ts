import {
  displayName,
  type ObjectRef,
  type Origin,
  type ResourceRef,
  type SourceLocation,
} from "@sluice/model";
import { typeName } from "./data/resource-types.ts";
import { code, dim, type Inline, link } from "./view/document.ts";

/** An address on this server; parameters without a value are left out. */
export function address(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) set.set(name, value);
  return set.size === 0 ? path : `${path}?${set}`;
}

export function objectLink(object: ObjectRef): Inline {
  const { kind, namespace, name } = object;
  const to = address("/debug/objects", { kind, namespace: namespace === "" ? undefined : namespace, name });
  return link(to, `${kind} ${displayName(object)}`);
}

export function originLink({ object, field }: Origin): Inline {
  return field === undefined ? objectLink(object) : [objectLink(object), " ", code(field)];
}

export function resourceAddress({ typeUrl, name }: ResourceRef, rendering?: string): string {
  return address(`/debug/resources/${encodeURIComponent(typeName(typeUrl))}`, {
    rendering: rendering === "full" ? undefined : rendering,
    name,
  });
}

/** `rendering` tells which, when it is not the full one. */
export function resourceLink(ref: ResourceRef, rendering?: string): Inline {
  return link(resourceAddress(ref, rendering), ref.name);
}

/** Of a node, or of the resources of one type on it. */
export function nodeAddress(node: string, typeUrl?: string): string {
  return address("/debug/nodes", { node, type: typeUrl === undefined ? undefined : typeName(typeUrl) });
}

export function nodeLink(node: string, typeUrl?: string): Inline {
  return link(nodeAddress(node, typeUrl), node);
}

export function locationText({ file, line, column }: SourceLocation): Inline {
  return dim(`${file}:${line}:${column}`);
}
