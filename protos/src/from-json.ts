import { structValue } from "./any.ts";
import type { AnyMessage } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import {
  type FieldInfo,
  findMessage,
  type MessageInfo,
  type MessageName,
  type MessageOf,
  messageInfo,
  type TypeUrl,
} from "./registry.ts";
import { durationFromJson, hasOwnJson, isWrapper, timestampFromJson } from "./well-known.ts";

/**
 * The message that canonical proto JSON stands for, ready for `encode`. Fields may also have their names as in
 * the proto (`virtual_hosts`), as Envoy's documentation writes them; enums and 64-bit numbers may be numbers.
 * Throws, with the path, on what the type does not have and on an Any of an unknown type.
 */
export function fromJson<T extends TypeUrl | MessageName>(typeUrlOrName: T, json: unknown): MessageOf<T> {
  const info = messageInfo(typeUrlOrName);
  // Values are checked against the type once more when they are encoded.
  return messageFromJson(info, json, info.name) as MessageOf<T>;
}

function messageFromJson(info: MessageInfo, json: unknown, path: string): AnyMessage {
  switch (info.name) {
    case "google.protobuf.Any":
      return anyFromJson(json, path);
    case "google.protobuf.Duration":
      return fromText(durationFromJson, json, path);
    case "google.protobuf.Timestamp":
      return fromText(timestampFromJson, json, path);
    case "google.protobuf.Struct":
      return { fields: mapFromJson(info, "fields", json, path) };
    case "google.protobuf.ListValue":
      return { values: fieldFromJson(fieldOf(info, "values", path), json, path) };
    case "google.protobuf.Value":
      // Any JSON value is a Value, so there is nothing to check.
      return structValue(json as Parameters<typeof structValue>[0]) as AnyMessage;
    default:
      if (isWrapper(info.name)) return { value: itemFromJson(fieldOf(info, "value", path), json, path) };
      return objectFromJson(info, json, path);
  }
}

function objectFromJson(info: MessageInfo, json: unknown, path: string): AnyMessage {
  const result: AnyMessage = {};
  for (const [name, value] of Object.entries(object(json, path))) {
    // A null is an absent field, save where null is a value.
    const field = fieldOf(info, name, path);
    if (value === null && field.type !== "google.protobuf.Value") continue;
    result[field.name] = fieldFromJson(field, value, `${path}.${name}`);
  }
  return result;
}

function fieldFromJson(field: FieldInfo, json: unknown, path: string): unknown {
  if (field.repeated) {
    if (!Array.isArray(json)) throw new Error(`${path} is not an array`);
    return json.map((item, index) => itemFromJson(field, item, `${path}[${index}]`));
  }
  if (field.key === undefined) return itemFromJson(field, json, path);
  const entries = Object.entries(object(json, path));
  return Object.fromEntries(
    entries.map(([key, item]) => [key, itemFromJson(field, item, `${path}["${key}"]`)]),
  );
}

function mapFromJson(info: MessageInfo, name: string, json: unknown, path: string): unknown {
  return fieldFromJson(fieldOf(info, name, path), json, path);
}

function itemFromJson(field: FieldInfo, json: unknown, path: string): unknown {
  if (field.kind === "message") return messageFromJson(field.message(), json, path);
  if (field.kind === "enum") {
    if (typeof json === "number") return json;
    if (typeof json === "string" && field.enum().numbers.has(json)) return json;
    throw new Error(`${path} is not a ${field.type}`);
  }
  if (field.type === "bytes" && typeof json === "string") return Uint8Array.from(Buffer.from(json, "base64"));
  if (json === "NaN" || json === "Infinity" || json === "-Infinity") {
    return field.type === "double" || field.type === "float" ? Number(json) : json;
  }
  return json;
}

function anyFromJson(json: unknown, path: string): AnyMessage {
  const { "@type": url, ...rest } = object(json, path);
  if (typeof url !== "string") throw new Error(`${path} has no @type`);
  const info = findMessage(url);
  if (!info) throw new Error(`${path} has the unknown type ${url}`);
  const inner = messageFromJson(info, hasOwnJson(info.name) ? rest.value : rest, path);
  return { typeUrl: url, value: encodeMessage(info, inner) };
}

function fieldOf(info: MessageInfo, name: string, path: string): FieldInfo {
  const field =
    info.byName.get(name) ?? info.byName.get(name.replace(/_+(.?)/g, (_, c: string) => c.toUpperCase()));
  if (!field) throw new Error(`${path}: ${info.name} has no field ${name}`);
  return field;
}

function fromText(parse: (text: string) => AnyMessage, json: unknown, path: string): AnyMessage {
  try {
    return parse(typeof json === "string" ? json : "");
  } catch (cause) {
    throw new Error(`${path} cannot be read`, { cause });
  }
}

function object(json: unknown, path: string): AnyMessage {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new Error(`${path} is not an object`);
  // Checked above: a JSON object.
  return json as AnyMessage;
}
