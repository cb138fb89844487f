import type { AnyMessage } from "./decode.ts";

/** The wrappers of `google/protobuf/wrappers.proto`: in JSON they are their bare value. */
const WRAPPERS = new Set(
  ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"].map(
    (name) => `google.protobuf.${name}Value`,
  ),
);

export function isWrapper(name: string): boolean {
  return WRAPPERS.has(name);
}

/** Types whose JSON form is not an object of their fields; inside of an Any it is under the key `value`. */
export function hasOwnJson(name: string): boolean {
  return isWrapper(name) || OWN_JSON.has(name);
}

const OWN_JSON = new Set([
  "google.protobuf.Any",
  "google.protobuf.Duration",
  "google.protobuf.Timestamp",
  "google.protobuf.Struct",
  "google.protobuf.Value",
  "google.protobuf.ListValue",
]);

/** `1.5s`; the fraction has 3, 6 or 9 digits, or is absent. */
export function durationToJson(message: AnyMessage): string {
  const seconds = BigInt(integer(message.seconds));
  const nanos = Number(integer(message.nanos));
  const sign = seconds < 0n || nanos < 0 ? "-" : "";
  return `${sign}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos))}s`;
}

/** Throws on text that is not a duration. */
export function durationFromJson(text: string): AnyMessage {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(text);
  if (!match) throw new Error("not a duration");
  const sign = match[1] === "-" ? -1 : 1;
  return withoutZeros({
    seconds: sign * Number(match[2]),
    nanos: sign * Number((match[3] ?? "").padEnd(9, "0")),
  });
}

/** RFC 3339 in UTC, with up to nine digits of a second. */
export function timestampToJson(message: AnyMessage): string {
  const date = new Date(Number(integer(message.seconds)) * 1000);
  return `${date.toISOString().slice(0, 19)}${fraction(Number(integer(message.nanos)))}Z`;
}

/** Throws on text that is not a time. */
export function timestampFromJson(text: string): AnyMessage {
  const match = /^(.{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const time = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
  if (!match || Number.isNaN(time)) throw new Error("not a time");
  return withoutZeros({ seconds: time / 1000, nanos: Number((match[2] ?? "").padEnd(9, "0")) });
}

function fraction(nanos: number): string {
  if (nanos === 0) return "";
  return `.${String(nanos)
    .padStart(9, "0")
    .replace(/^(\d{3})0{6}$|^(\d{6})0{3}$/, "$1$2")}`;
}

function withoutZeros(fields: Record<string, number>): AnyMessage {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== 0)
      .map(([k, v]) => [k, v + 0]),
  );
}

function integer(value: unknown): number | string {
  return typeof value === "number" || typeof value === "string" ? value : 0;
}
