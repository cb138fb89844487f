import type { Diagnostic, ObjectRef } from "@sluice/model";

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

/** Annotations by key without prefix. */
export type AnnotationSet = ReadonlyMap<string, AnnotationEntry>;

/**
 * Resolves the prefixes of an object's annotations. Keys under foreign prefixes are left out, and so are those
 * under `disabled.higress.io/`, with which the Higress console switches an annotation off. Where prefixes
 * disagree on a value the strongest one counts, and the conflict is reported. A blank value is as no annotation, so
 * that a weaker prefix decides, unless `blankCounts` says otherwise of a key.
 */
export function resolveAnnotations(
  object: ObjectRef,
  annotations: Readonly<Record<string, string>>,
  blankCounts: (key: string) => boolean = () => false,
): { readonly set: AnnotationSet; readonly diagnostics: readonly Diagnostic[] } {
  const set = new Map<string, AnnotationEntry>();
  const diagnostics: Diagnostic[] = [];
  for (const prefix of ANNOTATION_PREFIXES) {
    for (const annotation of Object.keys(annotations).sort()) {
      if (!annotation.startsWith(prefix)) continue;
      const key = annotation.slice(prefix.length);
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
    value: text,
    message: `${annotation} and ${winner.annotation} differ; ${winner.annotation} decides.`,
    expected: `the value of ${winner.annotation}, "${winner.text}"`,
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
