import {
  CLUSTER_SCOPED,
  type Diagnostic,
  displayName,
  type KubeObject,
  type ObjectMeta,
  type ObjectRef,
  type Severity,
} from "@sluice/model";
import type { z } from "zod";
import { compact } from "./compact.ts";
import { type FieldPath, formatFieldPath } from "./field-path.ts";
import { isName, type KindReader, type Narrowed, readerOf } from "./kinds.ts";
import { withoutOwn } from "./own-annotations.ts";
import { isRawObject, type RawObject, valueAt } from "./raw-object.ts";

/** What there is to say about an object, and of which field of it, so that a source that knows files can say where. */
export interface Finding {
  readonly path: FieldPath;
  readonly diagnostic: Diagnostic;
}

/** An object on its way from a parser to the model. */
export interface Candidate {
  readonly raw: RawObject;
  readonly ref: ObjectRef | undefined;
  /** Says something about a field; the code is `object-invalid` unless `more` has another. */
  say(severity: Severity, field: FieldPath, sentence: string, more?: Partial<Diagnostic>): void;
}

export interface NarrowOptions {
  readonly report: (finding: Finding) => void;
  /** Mends what the object's syntax, and not its author, is to blame for; called before anything is checked. */
  readonly prepare?: (candidate: Candidate) => void;
}

/**
 * The object of the model behind what a parser gave. What cannot be used is reported, and left out: a bad element of
 * a list alone, anything else with the whole object, which then is `undefined`. `raw` is the function's to change.
 */
export function narrowObject(raw: RawObject, { report, prepare }: NarrowOptions): KubeObject | undefined {
  const { apiVersion, kind } = raw;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    const field = typeof kind === "string" ? "apiVersion" : "kind";
    const problem = raw[field] === undefined ? "is missing" : "must be a text";
    candidateOf(raw, undefined, report).say("error", [field], `${field} ${problem}.`);
    return undefined;
  }
  const reader = readerOf(apiVersion, kind);
  if (reader === undefined) {
    const message = `The kind ${kind} of ${apiVersion} is not one that Sluice reads; the object is skipped.`;
    report({ path: [], diagnostic: { code: "kind-unknown", severity: "info", message, value: kind } });
    return undefined;
  }
  const candidate = candidateOf(raw, refOf(reader, raw), report);
  prepare?.(candidate);
  const narrowed = parseDropping(candidate, reader.schema);
  if (narrowed === undefined) return undefined;
  if (reader.replacedBy !== undefined) {
    const message = `${apiVersion} is not served by Kubernetes any more; the object is read as ${reader.replacedBy}.`;
    candidate.say("info", ["apiVersion"], message, {
      code: "object-outdated",
      expected: reader.replacedBy,
    });
  }
  return toModel(narrowed);
}

function candidateOf(raw: RawObject, ref: ObjectRef | undefined, report: NarrowOptions["report"]): Candidate {
  const subject = ref ? `${ref.kind} ${displayName(ref)}` : subjectOf(raw);
  return {
    raw,
    ref,
    say(severity, path, sentence, more = {}) {
      const field = formatFieldPath(path);
      const diagnostic: Diagnostic = {
        code: "object-invalid",
        severity,
        ...(ref ? { origin: { object: ref, field } } : {}),
        key: field,
        message: `${subject}: ${sentence}`,
        ...more,
      };
      report({ path, diagnostic });
    },
  };
}

function subjectOf(raw: RawObject): string {
  const name = valueAt(raw, ["metadata", "name"]);
  const kind = typeof raw.kind === "string" ? raw.kind : "Object";
  return typeof name === "string"
    ? `${kind} ${JSON.stringify(name.slice(0, 100))}`
    : `${kind} without a name`;
}

function refOf(reader: KindReader, raw: RawObject): ObjectRef | undefined {
  const meta = isRawObject(raw.metadata) ? raw.metadata : {};
  if (!isName(meta.name)) return undefined;
  const namespace = CLUSTER_SCOPED.has(reader.kind) ? "" : (meta.namespace ?? "default");
  return namespace === "" || isName(namespace)
    ? { kind: reader.kind, namespace, name: meta.name }
    : undefined;
}

function toModel({ metadata, body }: Narrowed): KubeObject {
  const namespace = CLUSTER_SCOPED.has(body.kind) ? "" : (metadata.namespace ?? "default");
  const annotations = withoutOwn(metadata.annotations);
  const meta: ObjectMeta = compact({ ...metadata, namespace, annotations });
  return { ...body, metadata: meta };
}

/**
 * Parses, and as long as only elements of lists are to blame, takes those out and parses again. A field that is
 * wrong outside of a list makes the whole object invalid. Each finding is reported once.
 */
function parseDropping(candidate: Candidate, schema: z.ZodType<Narrowed>): Narrowed | undefined {
  for (;;) {
    const result = schema.safeParse(candidate.raw);
    if (result.success) return result.data;
    let fatal = false;
    for (const issue of result.error.issues) {
      const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
      const element = path.findLastIndex((part) => typeof part === "number");
      reportIssue(candidate, issue, path, element !== -1);
      fatal = !takeOut(candidate.raw, path.slice(0, element + 1)) || fatal;
    }
    if (fatal) return undefined;
  }
}

/**
 * The element becomes `undefined`, which the schemas of lists skip; its neighbours keep their positions. False if the
 * path does not end in a list.
 */
function takeOut(raw: unknown, path: FieldPath): boolean {
  const parent = valueAt(raw, path.slice(0, -1));
  const index = path.at(-1);
  if (!Array.isArray(parent) || typeof index !== "number") return false;
  parent[index] = undefined;
  return true;
}

function reportIssue(candidate: Candidate, issue: z.core.$ZodIssue, path: FieldPath, dropped: boolean): void {
  const value = valueAt(candidate.raw, path);
  const expected = expectation(issue);
  const problem = value === undefined || value === null ? "is missing" : `must be ${expected}`;
  const effect = dropped ? "that element of the list is left out" : "the object is not in force";
  const shown =
    candidate.ref?.kind === "Secret" || !isScalar(value) ? {} : { value: String(value).slice(0, 100) };
  candidate.say("error", path, `${formatFieldPath(path)} ${problem}; ${effect}.`, { ...shown, expected });
}

const WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  array: "a list",
  object: "a map",
  record: "a map",
  boolean: "true or false",
};

/** What was expected, as a noun: our schemas say so in their messages, the library's own are put into words. */
function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input"))
    return WORDS[issue.expected] ?? issue.expected;
  return issue.message;
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
