import protobuf from "protobufjs/minimal.js";
import {
  type FieldInfo,
  type MessageInfo,
  type MessageName,
  type MessageOf,
  messageInfo,
  type TypeUrl,
} from "./registry.ts";
import { BYTES, is64Bit, isZero, wireType } from "./scalars.ts";
import { type Writer, writeScalar, wrongType } from "./write-scalar.ts";

/**
 * The bytes of a message. Equal messages have equal bytes: fields go in order of number, map entries in order
 * of key, and zeros of fields without presence are left out. `undefined` is an absent field.
 *
 * Throws on what is a bug of the caller and never the fault of a user: a field or enum value that the type
 * does not have, a value of a wrong type, or two members of one oneof.
 */
export function encode<T extends TypeUrl | MessageName>(typeUrlOrName: T, message: MessageOf<T>): Uint8Array {
  return encodeMessage(messageInfo(typeUrlOrName), message);
}

/** As {@link encode}, for a type found at run time. */
export function encodeMessage(type: MessageInfo, message: object): Uint8Array {
  const writer = protobuf.Writer.create();
  writeMessage(writer, type, message);
  const bytes = writer.finish();
  // protobufjs makes a Buffer on Node; its `slice` and JSON form differ from those of a Uint8Array.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Throws when a message has a field or an enum value that its type does not have, at any depth outside of an Any. */
export function assertKnownFields(typeUrlOrName: string, message: object): void {
  encodeMessage(messageInfo(typeUrlOrName), message);
}

function writeMessage(writer: Writer, type: MessageInfo, message: object): void {
  const present: [FieldInfo, unknown][] = [];
  let sorted = true;
  let last = 0;
  for (const [name, value] of Object.entries(message)) {
    if (value === undefined || value === null) continue;
    const field = type.byName.get(name);
    if (!field) throw new Error(`${type.name} has no field ${name}`);
    if (field.id < last) sorted = false;
    last = field.id;
    present.push([field, value]);
  }
  if (!sorted) present.sort((a, b) => a[0].id - b[0].id);
  let oneofs: Set<string> | undefined;
  for (const [field, value] of present) {
    if (field.oneof !== undefined) {
      oneofs ??= new Set();
      if (oneofs.has(field.oneof)) throw new Error(`${type.name} has two of ${field.oneof}`);
      oneofs.add(field.oneof);
    }
    writeField(writer, field, value);
  }
}

function writeField(writer: Writer, field: FieldInfo, value: unknown): void {
  if (field.key !== undefined) writeMap(writer, field, field.key, value);
  else if (field.repeated) writeRepeated(writer, field, value);
  else if (field.kind === "message") writeNested(writer, field, field.id, value);
  else {
    const scalar = field.kind === "enum" ? enumNumber(field, value) : value;
    if (!field.presence && isZero(scalarType(field), scalar)) return;
    writeScalar(
      writer.uint32((field.id << 3) | wireType(scalarType(field))),
      field,
      scalarType(field),
      scalar,
    );
  }
}

function writeRepeated(writer: Writer, field: FieldInfo, value: unknown): void {
  if (!Array.isArray(value)) throw wrongType(field, "array", value);
  if (value.length === 0) return;
  const scalar = scalarType(field);
  if (field.kind === "message") {
    for (const item of value) writeNested(writer, field, field.id, item);
  } else if (wireType(scalar) === BYTES) {
    for (const item of value) writeScalar(writer.uint32((field.id << 3) | BYTES), field, scalar, item);
  } else {
    writer.uint32((field.id << 3) | BYTES).fork();
    for (const item of value) {
      writeScalar(writer, field, scalar, field.kind === "enum" ? enumNumber(field, item) : item);
    }
    writer.ldelim();
  }
}

function writeMap(writer: Writer, field: FieldInfo, keyType: string, value: unknown): void {
  if (typeof value !== "object" || value === null) throw wrongType(field, "object", value);
  for (const [key, item] of sortEntries(Object.entries(value), keyType)) {
    if (item === undefined) continue;
    writer.uint32((field.id << 3) | BYTES).fork();
    writeScalar(writer.uint32((1 << 3) | wireType(keyType)), field, keyType, mapKey(keyType, key));
    if (field.kind === "message") {
      writeNested(writer, field, 2, item);
    } else {
      const scalar = field.kind === "enum" ? enumNumber(field, item) : item;
      writeScalar(writer.uint32((2 << 3) | wireType(scalarType(field))), field, scalarType(field), scalar);
    }
    writer.ldelim();
  }
}

function writeNested(writer: Writer, field: FieldInfo, id: number, value: unknown): void {
  if (typeof value !== "object" || value === null) throw wrongType(field, field.type, value);
  writer.uint32((id << 3) | BYTES).fork();
  writeMessage(writer, field.message(), value);
  writer.ldelim();
}

/** By code units, so that the order is the same everywhere; integer keys by value. */
function sortEntries(entries: [string, unknown][], keyType: string): [string, unknown][] {
  const byNumber = keyType !== "string" && keyType !== "bool";
  return entries.sort(([a], [b]) => (byNumber ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0));
}

function mapKey(keyType: string, key: string): unknown {
  if (keyType === "string") return key;
  if (keyType === "bool") return key === "true";
  return is64Bit(keyType) ? key : Number(key);
}

function scalarType(field: FieldInfo): string {
  return field.kind === "enum" ? "int32" : field.type;
}

function enumNumber(field: FieldInfo, value: unknown): number {
  if (typeof value === "number") return value;
  const number = typeof value === "string" ? field.enum().numbers.get(value) : undefined;
  if (number === undefined) throw wrongType(field, field.type, value);
  return number;
}
