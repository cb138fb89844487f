/** Wire types, and the zero of each scalar type. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

const WIRE_TYPES: Readonly<Record<string, number>> = {
  double: FIXED64,
  fixed64: FIXED64,
  sfixed64: FIXED64,
  float: FIXED32,
  fixed32: FIXED32,
  sfixed32: FIXED32,
  string: BYTES,
  bytes: BYTES,
};

/** The wire type of a scalar type. */
export function wireType(type: string): number {
  return WIRE_TYPES[type] ?? VARINT;
}

/** Whether a scalar type has 64-bit integers, which are a number or a decimal string in messages. */
export function is64Bit(type: string): boolean {
  return type.endsWith("64");
}

/** Whether a value is the zero of its scalar type, which proto3 does not write. */
export function isZero(type: string, value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  // A 64-bit integer may be text; text that reads "0" is no zero.
  if (value === "0") return is64Bit(type);
  // Negative zero is a value of its own in proto3.
  return value === "" || value === false || Object.is(value, 0);
}
