import { createHash } from "node:crypto";
import type { Diagnostic } from "@sluice/model";

/** What an Event says. */
export interface EventText {
  readonly type: "Normal" | "Warning";
  /** In CamelCase. */
  readonly reason: string;
  readonly note: string;
}

/** The API server counts bytes, and refuses more. */
const MAX_NOTE_BYTES = 1024;
const MAX_NAME = 253;
/** More of a value is not needed to find it. */
const MAX_VALUE = 100;

/** A finding as an Event: the sentence, with key, value, what was expected and what to do. */
export function diagnosticText(diagnostic: Diagnostic): EventText {
  const { code, severity, message, key, value, expected, hint } = diagnostic;
  const about = [
    ...(key === undefined || message.includes(key) ? [] : [key]),
    ...(value === undefined || message.includes(value) ? [] : [`value ${JSON.stringify(shorten(value))}`]),
    ...(expected === undefined || message.includes(expected) ? [] : [`expected ${expected}`]),
  ];
  const detail = about.length === 0 ? "" : ` (${about.join(", ")})`;
  return {
    type: severity === "info" ? "Normal" : "Warning",
    reason: reasonOf(code),
    note: clip(`${message}${detail}${hint === undefined ? "" : ` ${hint}`}`),
  };
}

/** `annotation-invalid` → `AnnotationInvalid`. */
function reasonOf(code: string): string {
  return code.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function shorten(value: string): string {
  return value.length <= MAX_VALUE ? value : `${value.slice(0, MAX_VALUE)}…`;
}

/** The text, cut to what the API server takes, without cutting a character in two. */
export function clip(text: string): string {
  if (Buffer.byteLength(text) <= MAX_NOTE_BYTES) return text;
  const cut = Buffer.from(text).subarray(0, MAX_NOTE_BYTES - Buffer.byteLength("…"));
  return `${cut.toString("utf8").replace(/\uFFFD+$/, "")}…`;
}

/** The same name for the same words about the same object: a replica that takes over says nothing twice. */
export function eventName(object: string, uid: string, { type, reason, note }: EventText): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([uid, type, reason, note]))
    .digest("hex")
    .slice(0, 16);
  return `${object.slice(0, MAX_NAME - hash.length - 1).replace(/[.-]+$/, "")}.${hash}`;
}
