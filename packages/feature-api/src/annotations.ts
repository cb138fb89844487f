import type { Diagnostic, ObjectRef } from "@sluice/model";
import type { Feature } from "./feature.ts";
import { shorten, shownValue } from "./shorten.ts";

/**
 * The prefixes under which a key means the same, strongest first.
 * Source: the annotation reference, "Reading annotations".
 */
export const ANNOTATION_PREFIXES = [
  "mse.ingress.kubernetes.io/",
  "higress.ingress.kubernetes.io/",
  "higress.io/",
  "nginx.ingress.kubernetes.io/",
] as const;

/** One annotation as it counts, after prefixes are resolved. */
export interface AnnotationEntry {
  /** Trimmed. May be blank: most keys then count as absent. */
  readonly text: string;
  /** The key with its prefix, as the user wrote it. */
  readonly annotation: string;
  /** The object that holds it. */
  readonly object: ObjectRef;
}

/** Annotations by key without prefix; other names of a key stand under its own name. */
export type AnnotationSet = ReadonlyMap<string, AnnotationEntry>;

/**
 * Resolves the prefixes of an object's annotations. Keys under foreign prefixes are left out, and so are those
 * under `disabled.higress.io/`, with which the Higress console switches an annotation off. Where prefixes
 * disagree on a value the strongest one counts, and the conflict is reported. A blank value is as no annotation, so
 * that a weaker prefix decides, unless `blankCounts` says otherwise of a key. `nameOf` gives the name of a key that may be
 * another name of it: both are one key, so that of two the prefix decides, and under one prefix the key's own name.
 */
export function resolveAnnotations(
  object: ObjectRef,
  annotations: Readonly<Record<string, string>>,
  blankCounts: (key: string) => boolean = () => false,
  nameOf: (key: string) => string = (key) => key,
): { readonly set: AnnotationSet; readonly diagnostics: readonly Diagnostic[] } {
  const set = new Map<string, AnnotationEntry>();
  const diagnostics: Diagnostic[] = [];
  const names = Object.keys(annotations).sort();
  for (const prefix of ANNOTATION_PREFIXES) {
    const written = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    const aliases = written.filter((name) => nameOf(name) !== name);
    for (const name of [...written.filter((each) => nameOf(each) === each), ...aliases]) {
      const annotation = `${prefix}${name}`;
      const key = nameOf(name);
      const text = (annotations[annotation] ?? "").trim();
      const winner = set.get(key);
      const says = (value: string): boolean => value !== "" || blankCounts(key);
      if (winner === undefined || (!says(winner.text) && says(text)))
        set.set(key, { text, annotation, object });
      else if (winner.text !== text && says(text)) diagnostics.push(conflict(winner, annotation, text));
    }
  }
  return { set, diagnostics };
}

function conflict(winner: AnnotationEntry, annotation: string, text: string): Diagnostic {
  return {
    code: "annotation-conflict",
    severity: "warning",
    origin: annotationOrigin(winner.object, annotation),
    key: annotation,
    value: shownValue(text),
    message: `${annotation} and ${winner.annotation} differ; ${winner.annotation} decides.`,
    expected: `the value of ${winner.annotation}, ${shorten(winner.text)}`,
    hint: "Keep one of the two.",
  };
}

/** The origin of an annotation in an object. */
export function annotationOrigin(
  object: ObjectRef,
  annotation: string,
): { readonly object: ObjectRef; readonly field: string } {
  return { object, field: `metadata.annotations["${annotation}"]` };
}

const tables = new WeakMap<readonly Feature[], ReadonlyMap<string, string>>();

/** The name of each key of the features by its other names. Remembered per list. */
export function keyNames(features: readonly Feature[]): (key: string) => string {
  const names = tables.get(features) ?? aliasTable(features);
  tables.set(features, names);
  return (key) => names.get(key) ?? key;
}

function aliasTable(features: readonly Feature[]): ReadonlyMap<string, string> {
  const pairs = features.flatMap(({ keys }) =>
    Object.entries(keys).flatMap(([name, { aliases = [] }]) =>
      aliases.map((alias) => [alias, name] as const),
    ),
  );
  return new Map(pairs);
}
