import type { Json } from "./any.ts";
import { type AnyMessage, decodeMessage } from "./decode.ts";
import { type FieldInfo, findMessage, type MessageInfo, messageInfo } from "./registry.ts";
import { is64Bit } from "./scalars.ts";
import { durationToJson, hasOwnJson, isWrapper, timestampToJson } from "./well-known.ts";

/** What stands in place of a secret. */
export const REDACTED = "[redacted]";

export interface ToJsonOptions {
  /**
   * Puts {@link REDACTED} in place of every field that is annotated as sensitive, whole, and of the bytes in
   * an Any of an unknown type, which may hold anything.
   */
  readonly redact?: boolean;
}

/**
 * The canonical proto JSON of an encoded message: lowerCamelCase names, enums by name, 64-bit numbers as
 * strings, bytes in base64, durations as `1.5s`, wrappers as their value, each Any expanded with its `@type`.
 * An Any whose type is unknown, or whose bytes do not fit its type, is `{"@type", "value": base64}`.
 * Throws on an unknown type and on bytes that are not a message of it.
 */
export function toJson(typeUrlOrName: string, bytes: Uint8Array, options: ToJsonOptions = {}): Json {
  const info = messageInfo(typeUrlOrName);
  return messageToJson(info, decodeMessage(info, bytes), options.redact ?? false);
}

function messageToJson(info: MessageInfo, message: AnyMessage, redact: boolean): Json {
  switch (info.name) {
    case "google.protobuf.Any":
      return anyToJson(message, redact);
    case "google.protobuf.Duration":
      return durationToJson(message);
    case "google.protobuf.Timestamp":
      return timestampToJson(message);
    case "google.protobuf.Struct":
      return fieldToJson(field(info, "fields"), message.fields ?? {}, redact);
    case "google.protobuf.ListValue":
      return fieldToJson(field(info, "values"), message.values ?? [], redact);
    case "google.protobuf.Value":
      return valueToJson(info, message, redact);
    default:
      if (isWrapper(info.name)) return wrapperToJson(field(info, "value"), message.value);
      return objectToJson(info, message, redact);
  }
}

function objectToJson(info: MessageInfo, message: AnyMessage, redact: boolean): Record<string, Json> {
  const result: Record<string, Json> = {};
  for (const each of info.fields) {
    const value = message[each.name];
    if (value === undefined) continue;
    result[each.name] = redact && each.sensitive ? REDACTED : fieldToJson(each, value, redact);
  }
  return result;
}

function fieldToJson(info: FieldInfo, value: unknown, redact: boolean): Json {
  if (info.repeated && Array.isArray(value)) return value.map((item) => itemToJson(info, item, redact));
  if (info.key === undefined || !isMessage(value)) return itemToJson(info, value, redact);
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, itemToJson(info, value[key], redact)]));
}

function itemToJson(info: FieldInfo, value: unknown, redact: boolean): Json {
  if (info.kind === "message") return messageToJson(info.message(), isMessage(value) ? value : {}, redact);
  if (info.kind === "enum" && info.type === "google.protobuf.NullValue") return null;
  return scalarToJson(info, value);
}

function scalarToJson(info: FieldInfo, value: unknown): Json {
  if (value instanceof Uint8Array) return base64(value);
  if (typeof value === "number") {
    if (info.kind === "scalar" && is64Bit(info.type)) return String(value);
    // NaN and the infinities are strings in proto JSON.
    return Number.isFinite(value) ? value : String(value);
  }
  if (typeof value === "string" || typeof value === "boolean") return value;
  throw new Error(`${info.path} holds a ${typeof value}`);
}

function wrapperToJson(info: FieldInfo, value: unknown): Json {
  if (value !== undefined) return scalarToJson(info, value);
  if (info.type === "bool") return false;
  if (info.type === "string" || info.type === "bytes") return "";
  return is64Bit(info.type) ? "0" : 0;
}

function valueToJson(info: MessageInfo, message: AnyMessage, redact: boolean): Json {
  for (const each of info.fields) {
    const value = message[each.name];
    if (value !== undefined) return itemToJson(each, value, redact);
  }
  return null;
}

function anyToJson(message: AnyMessage, redact: boolean): Json {
  const url = typeof message.typeUrl === "string" ? message.typeUrl : "";
  const bytes = message.value instanceof Uint8Array ? message.value : new Uint8Array();
  const info = findMessage(url);
  const inner = info && tryDecode(info, bytes);
  if (!info || !inner) return { "@type": url, value: redact ? REDACTED : base64(bytes) };
  const json = messageToJson(info, inner, redact);
  if (hasOwnJson(info.name)) return { "@type": url, value: json };
  return { "@type": url, ...(isMessage(json) ? json : {}) };
}

function tryDecode(info: MessageInfo, bytes: Uint8Array): AnyMessage | undefined {
  try {
    return decodeMessage(info, bytes);
  } catch {
    return undefined;
  }
}

function field(info: MessageInfo, name: string): FieldInfo {
  const found = info.byName.get(name);
  if (!found) throw new Error(`${info.name} has no field ${name}`);
  return found;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function isMessage(value: unknown): value is Record<string, Json> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}
