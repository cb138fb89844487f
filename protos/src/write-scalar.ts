import type protobuf from "protobufjs/minimal.js";
import type { FieldInfo } from "./registry.ts";

export type Writer = protobuf.Writer;

/**
 * Writes a scalar of the given type (the field's own, or that of its map keys) after its tag.
 * Throws on a value of another type and on a number out of range.
 */
export function writeScalar(writer: Writer, field: FieldInfo, type: string, value: unknown): void {
  if (type === "string" && typeof value === "string") writer.string(value);
  else if (type === "bool" && typeof value === "boolean") writer.bool(value);
  else if (type === "bytes" && value instanceof Uint8Array) writer.bytes(value);
  else if (type === "double" && typeof value === "number") writer.double(value);
  else if (type === "float" && typeof value === "number") writer.float(value);
  else if (!writeInteger(writer, type, value)) throw wrongType(field, type, value);
}

/** An error that names the field and what it takes. It does not show the value, which may be a secret. */
export function wrongType(field: FieldInfo, expected: string, value: unknown): Error {
  const got =
    typeof value === "number" ? `the number ${value}` : Array.isArray(value) ? "an array" : typeof value;
  return new Error(`${field.path} takes a ${expected}, not ${got}`);
}

function writeInteger(writer: Writer, type: string, value: unknown): boolean {
  switch (type) {
    case "uint32":
      return inRange(value, 0, 0xffff_ffff) && done(writer.uint32(value));
    case "fixed32":
      return inRange(value, 0, 0xffff_ffff) && done(writer.fixed32(value));
    case "int32":
      return inRange(value, -0x8000_0000, 0x7fff_ffff) && done(writer.int32(value));
    case "sint32":
      return inRange(value, -0x8000_0000, 0x7fff_ffff) && done(writer.sint32(value));
    case "sfixed32":
      return inRange(value, -0x8000_0000, 0x7fff_ffff) && done(writer.sfixed32(value));
    default:
      return writeLong(writer, type, value);
  }
}

function writeLong(writer: Writer, type: string, value: unknown): boolean {
  const number = toBigInt(value);
  if (number === undefined) return false;
  const signed = !type.startsWith("u") && type !== "fixed64";
  if (signed ? BigInt.asIntN(64, number) !== number : BigInt.asUintN(64, number) !== number) return false;
  // protobufjs reads any object with these two as a 64-bit number, whether the `long` package is there or not.
  const bits = BigInt.asUintN(64, number);
  const long = { low: Number(bits & 0xffff_ffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: !signed };
  switch (type) {
    case "int64":
      return done(writer.int64(long));
    case "uint64":
      return done(writer.uint64(long));
    case "sint64":
      return done(writer.sint64(long));
    case "fixed64":
      return done(writer.fixed64(long));
    case "sfixed64":
      return done(writer.sfixed64(long));
    default:
      return false;
  }
}

function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : undefined;
}

function inRange(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

function done(_writer: Writer): true {
  return true;
}
