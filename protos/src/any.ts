import { createHash } from "node:crypto";
import type { Any, Struct, Value } from "../gen/types.js";
import { encodeMessage } from "./encode.ts";
import { type MessageName, type MessageOf, messageInfo, type TypeUrl, typeUrl } from "./registry.ts";

/** A message packed as an `Any`, deterministically (see `encode`). */
export function any<T extends TypeUrl | MessageName>(
  typeUrlOrName: T,
  message: MessageOf<T>,
): { typeUrl: TypeUrl; value: Uint8Array } & Any {
  const info = messageInfo(typeUrlOrName);
  // A type that the registry has found is in the schema.
  return { typeUrl: typeUrl(info.name as MessageName), value: encodeMessage(info, message) };
}

/** The version of a resource: the first 16 hex digits of the SHA-256 of its bytes. */
export function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object as a `google.protobuf.Struct`. */
export function struct(object: Readonly<Record<string, Json>>): Struct {
  return {
    fields: Object.fromEntries(Object.entries(object).map(([key, value]) => [key, structValue(value)])),
  };
}

/** A JSON value as a `google.protobuf.Value`. */
export function structValue(value: Json): Value {
  if (value === null) return { nullValue: "NULL_VALUE" };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "string") return { stringValue: value };
  if (isList(value)) return { listValue: { values: value.map(structValue) } };
  return { structValue: struct(value) };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
