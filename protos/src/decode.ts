import protobuf from "protobufjs/minimal.js";
import {
  type FieldInfo,
  type MessageInfo,
  type MessageName,
  type MessageOf,
  messageInfo,
  type TypeUrl,
} from "./registry.ts";
import { BYTES, FIXED32, FIXED64, is64Bit, wireType } from "./scalars.ts";

/** A decoded message whose type is known only at run time. */
export type AnyMessage = Record<string, unknown>;

/**
 * The message in the bytes. Absent fields are absent properties, 64-bit numbers beyond 2^53 are decimal strings,
 * enum values that the schema does not know stay numbers, unknown fields are dropped.
 * Throws on bytes that are not a message, so bytes of a peer belong in a `try`.
 */
export function decode<T extends TypeUrl | MessageName>(typeUrlOrName: T, bytes: Uint8Array): MessageOf<T> {
  // The schema that made the type made the decoder.
  return decodeMessage(messageInfo(typeUrlOrName), bytes) as MessageOf<T>;
}

/** As {@link decode}, for a type found at run time. */
export function decodeMessage(type: MessageInfo, bytes: Uint8Array): AnyMessage {
  const reader = protobuf.Reader.create(bytes);
  return readMessage(reader, type, reader.len, {});
}

function readMessage(reader: protobuf.Reader, type: MessageInfo, end: number, into: AnyMessage): AnyMessage {
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = type.byId.get(tag >>> 3);
    const wire = tag & 7;
    if (!field || !fits(field, wire)) reader.skipType(wire);
    else if (field.key !== undefined) readEntry(reader, field, field.key, into);
    else if (field.repeated) readItems(reader, field, wire, into);
    else {
      if (field.oneof !== undefined) dropOthers(type, field, into);
      // A message that comes in several pieces is merged, as the wire format asks.
      const before = field.kind === "message" ? into[field.name] : undefined;
      into[field.name] = readValue(reader, field, isMessage(before) ? before : {});
    }
  }
  if (reader.pos > end) throw new RangeError(`${type.name} is cut short`);
  return into;
}

function readItems(reader: protobuf.Reader, field: FieldInfo, wire: number, into: AnyMessage): void {
  const before = into[field.name];
  const list: unknown[] = Array.isArray(before) ? before : [];
  into[field.name] = list;
  const packed = wire === BYTES && valueWireType(field) !== BYTES;
  if (!packed) {
    list.push(readValue(reader, field, {}));
    return;
  }
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) list.push(readValue(reader, field, {}));
}

function readEntry(reader: protobuf.Reader, field: FieldInfo, keyType: string, into: AnyMessage): void {
  const before = into[field.name];
  // Without a prototype `__proto__` is a key like any other.
  const map: AnyMessage = isMessage(before) ? before : Object.create(null);
  into[field.name] = map;
  const end = reader.uint32() + reader.pos;
  let key: unknown = keyType === "string" ? "" : keyType === "bool" ? false : 0;
  let value: unknown = zeroOf(field);
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = readScalar(reader, keyType);
    else if (tag >>> 3 === 2) value = readValue(reader, field, {});
    else reader.skipType(tag & 7);
  }
  map[String(key)] = value;
}

function readValue(reader: protobuf.Reader, field: FieldInfo, into: AnyMessage): unknown {
  if (field.kind === "message") {
    const length = reader.uint32();
    return readMessage(reader, field.message(), reader.pos + length, into);
  }
  if (field.kind === "enum") return enumName(field, reader.int32());
  return readScalar(reader, field.type);
}

function readScalar(reader: protobuf.Reader, type: string): unknown {
  switch (type) {
    case "string":
      return reader.string();
    case "bool":
      return reader.bool();
    case "bytes":
      return copyOf(reader.bytes());
    case "double":
      return reader.double();
    case "float":
      return reader.float();
    case "uint32":
      return reader.uint32();
    case "int32":
      return reader.int32();
    case "sint32":
      return reader.sint32();
    case "fixed32":
      return reader.fixed32();
    case "sfixed32":
      return reader.sfixed32();
    default:
      return readLong(reader, type);
  }
}

function readLong(reader: protobuf.Reader, type: string): number | string {
  if (!is64Bit(type)) throw new Error(`no such scalar type: ${type}`);
  const fixed = type.includes("fixed");
  const raw = fixed ? readFixed64(reader) : readVarint64(reader);
  const value =
    type === "sint64"
      ? (raw >> 1n) ^ -(raw & 1n)
      : type === "int64" || type === "sfixed64"
        ? BigInt.asIntN(64, raw)
        : raw;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** protobufjs gives rounded numbers when the `long` package is not bundled; this is exact in any case. */
function readVarint64(reader: protobuf.Reader): bigint {
  let result = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.buf[reader.pos++];
    if (byte === undefined || reader.pos > reader.len) throw new RangeError("a number is cut short");
    result |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, result);
  }
  throw new RangeError("a number has more than ten bytes");
}

function readFixed64(reader: protobuf.Reader): bigint {
  const low = reader.fixed32();
  return (BigInt(reader.fixed32()) << 32n) | BigInt(low);
}

function enumName(field: FieldInfo, number: number): string | number {
  return field.enum().names.get(number) ?? number;
}

function zeroOf(field: FieldInfo): unknown {
  if (field.kind === "message") return {};
  if (field.kind === "enum") return enumName(field, 0);
  if (field.type === "string") return "";
  if (field.type === "bytes") return new Uint8Array();
  return field.type === "bool" ? false : 0;
}

function valueWireType(field: FieldInfo): number {
  return field.kind === "message" ? BYTES : field.kind === "enum" ? 0 : wireType(field.type);
}

/** Whether a field can have this wire type; repeated numbers may be packed or not. */
function fits(field: FieldInfo, wire: number): boolean {
  if (field.key !== undefined) return wire === BYTES;
  const own = valueWireType(field);
  return (
    wire === own ||
    (field.repeated === true && wire === BYTES && (own === 0 || own === FIXED32 || own === FIXED64))
  );
}

/** Of several members of one oneof the last counts. */
function dropOthers(type: MessageInfo, field: FieldInfo, into: AnyMessage): void {
  for (const name of Object.keys(into)) {
    if (name !== field.name && type.byName.get(name)?.oneof === field.oneof) delete into[name];
  }
}

/** Off the input, which may be a network buffer that is used again. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}

function isMessage(value: unknown): value is AnyMessage {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}
