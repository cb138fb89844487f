import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from "yaml";

/** Annotations to add to an Ingress of a file. */
export interface Addition {
  readonly namespace: string;
  readonly name: string;
  /** By full name. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface FixedManifest {
  /** The new text; equal to the old one where nothing could be added. */
  readonly text: string;
  /** What was put in, by the line of the old text after which it stands. */
  readonly inserted: readonly { readonly line: number; readonly text: string }[];
  /** Ingresses that were left alone, with the reason. */
  readonly left: readonly { readonly name: string; readonly reason: string }[];
}

interface Insertion {
  readonly at: number;
  readonly text: string;
}

interface Planned {
  readonly addition: Addition;
  readonly insertion: Insertion;
}

/**
 * Adds annotations to Ingresses in a text of YAML or JSON. Nothing else of the text changes, not a blank: the new lines are put in
 * where the parser says that the annotations end. What is not understood (templates, aliases, an Ingress that is there twice) is
 * left alone; and the result is parsed again and compared, so that nothing is written that says anything else.
 */
export function fixManifest(text: string, additions: readonly Addition[]): FixedManifest {
  const documents = parse(text);
  if (documents === undefined)
    return {
      text,
      inserted: [],
      left: additions.map(({ name }) => ({ name, reason: "the file is no YAML" })),
    };
  const ingresses = Map.groupBy(
    documents.flatMap((document) => ingressesIn(document.contents)),
    nameOf,
  );
  const planned: Planned[] = [];
  const left: { name: string; reason: string }[] = [];
  for (const addition of additions) {
    const insertion = insertionFor(addition, ingresses, text);
    if (typeof insertion === "string") left.push({ name: addition.name, reason: insertion });
    else planned.push({ addition, insertion });
  }
  planned.sort((a, b) => a.insertion.at - b.insertion.at);
  const { kept, dropped } = faithful(text, planned);
  for (const { addition } of dropped)
    left.push({ name: addition.name, reason: "its annotations are written in a way that is not understood" });
  const insertions = kept.map(({ insertion }) => insertion);
  return { text: apply(text, insertions), inserted: withLines(text, insertions), left };
}

/** What was put in, with the line of the old text after which it stands. */
function withLines(text: string, insertions: readonly Insertion[]): FixedManifest["inserted"] {
  let [line, seen] = [0, 0];
  return insertions.map(({ at, text: lines }) => {
    line += text.slice(seen, at).split("\n").length - 1;
    seen = at;
    return { line: text[at - 1] === "\n" ? line : line + 1, text: lines.trim() };
  });
}

function parse(text: string): readonly Document.Parsed[] | undefined {
  // Templates look like maps with odd keys, of which the parser would warn on standard error.
  const documents = parseAllDocuments(text, { logLevel: "error" });
  if (!Array.isArray(documents)) return [];
  return documents.some(({ errors }) => errors.length > 0) ? undefined : documents;
}

/** Ingresses of a document, those in lists too. */
function ingressesIn(node: unknown, depth = 0): readonly YAMLMap[] {
  if (!isMap(node) || depth > 3) return [];
  const kind = node.get("kind");
  if (kind === "Ingress") return [node];
  const items = node.get("items");
  if (!isSeq(items) || typeof kind !== "string" || !kind.endsWith("List")) return [];
  return items.items.flatMap((item) =>
    kind === "IngressList" && isMap(item) && !item.has("kind") ? [item] : ingressesIn(item, depth + 1),
  );
}

/** `namespace/name`. */
function nameOf(ingress: YAMLMap): string {
  const metadata = ingress.get("metadata");
  return isMap(metadata) ? `${metadata.get("namespace") ?? "default"}/${metadata.get("name")}` : "";
}

/** Where to put the annotations, or why that cannot be told. */
function insertionFor(
  addition: Addition,
  ingresses: ReadonlyMap<string, readonly YAMLMap[]>,
  text: string,
): Insertion | string {
  const own = ingresses.get(`${addition.namespace}/${addition.name}`) ?? [];
  const [ingress] = own;
  if (ingress === undefined) return "it is not found in the file";
  if (own.length > 1) return "it is in the file more than once";
  const metadata = ingress.get("metadata");
  if (!isMap(metadata)) return "it has no metadata";
  const annotations = metadata.get("annotations");
  const entries = Object.entries(addition.annotations);
  if (isMap(annotations) && annotations.items.length > 0) return after(annotations, entries, text);
  if (metadata.has("annotations")) return "its annotations are written in a way that is not understood";
  return after(metadata, [["annotations", entries]], text);
}

type Value = string | readonly (readonly [string, string])[];

/** Puts pairs behind the last one of a map. */
function after(
  map: YAMLMap,
  entries: readonly (readonly [string, Value])[],
  text: string,
): Insertion | string {
  const UNKNOWN = "its metadata is written in a way that is not understood";
  const last = map.items.at(-1) as Pair<Node, Node> | undefined;
  const start = (last?.key as Scalar | undefined)?.range?.[0];
  const end = last?.value?.range?.[1];
  if (last === undefined || start === undefined || end === undefined || !isScalar(last.key)) return UNKNOWN;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const before = text.slice(lineStart, start);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  if (map.flow) {
    const gap = before.trim() === "" ? `${newline}${before}` : " ";
    return {
      at: end,
      text: entries.map(([key, value]) => `,${gap}${JSON.stringify(key)}: ${flow(value)}`).join(""),
    };
  }
  // The first key of a map in a list has the dash before it.
  const indent = before.replace(/-/g, " ");
  if (indent.trim() !== "") return UNKNOWN;
  const lines = entries.flatMap(([key, value]) =>
    typeof value === "string"
      ? [`${indent}${key}: ${JSON.stringify(value)}`]
      : [`${indent}${key}:`, ...value.map(([name, each]) => `${indent}  ${name}: ${JSON.stringify(each)}`)],
  );
  if (text[end - 1] === "\n") return { at: end, text: lines.map((line) => line + newline).join("") };
  const lineEnd = text.indexOf("\n", end);
  if (lineEnd < 0) return { at: text.length, text: lines.map((line) => newline + line).join("") };
  return { at: lineEnd + 1, text: lines.map((line) => line + newline).join("") };
}

function flow(value: Value): string {
  return typeof value === "string" ? JSON.stringify(value) : JSON.stringify(Object.fromEntries(value));
}

/** Insertions in the order of their places. */
function apply(text: string, insertions: readonly Insertion[]): string {
  let seen = 0;
  const parts = insertions.map(({ at, text: lines }) => {
    const part = text.slice(seen, at) + lines;
    seen = at;
    return part;
  });
  return parts.join("") + text.slice(seen);
}

/** All of them where the result says what it should; else those that do so one by one. */
function faithful(
  text: string,
  planned: readonly Planned[],
): { readonly kept: readonly Planned[]; readonly dropped: readonly Planned[] } {
  if (isFaithful(text, planned)) return { kept: planned, dropped: [] };
  const isGood = new Map(planned.map((one) => [one, isFaithful(text, [one])]));
  return {
    kept: planned.filter((one) => isGood.get(one)),
    dropped: planned.filter((one) => !isGood.get(one)),
  };
}

/** Whether the new text says what the old one does, and the additions, and nothing else. */
function isFaithful(text: string, planned: readonly Planned[]): boolean {
  const changed = apply(
    text,
    planned.map(({ insertion }) => insertion),
  );
  const [before, after] = [text, changed].map((each) =>
    parse(each)?.map((document): unknown => document.toJS()),
  );
  if (before === undefined || after === undefined) return false;
  const byName = new Map(planned.map(({ addition }) => [`${addition.namespace}/${addition.name}`, addition]));
  const expected = before.map((value) => withAdditions(value, byName));
  return JSON.stringify(canonical(expected)) === JSON.stringify(canonical(after));
}

function withAdditions(value: unknown, byName: ReadonlyMap<string, Addition>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withAdditions(item, byName));
  const object: Record<string, unknown> = { ...value };
  const { metadata } = object;
  if (Array.isArray(object.items)) return { ...object, items: withAdditions(object.items, byName) };
  if (typeof metadata !== "object" || metadata === null) return object;
  const own: Record<string, unknown> = { ...metadata };
  const addition = byName.get(`${own.namespace ?? "default"}/${own.name}`);
  if (addition === undefined || (object.kind !== undefined && object.kind !== "Ingress")) return object;
  const annotations = typeof own.annotations === "object" ? own.annotations : {};
  return { ...object, metadata: { ...own, annotations: { ...annotations, ...addition.annotations } } };
}

/** Keys in order, so that texts can be compared. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => [key, canonical(each)]);
}
