import { type AnnotationEntry, annotationOrigin, type Feature } from "@sluice/feature-api";
import type { Diagnostic } from "@sluice/model";
import type { TranslateContext } from "./context.ts";
import type { Canary } from "./rule-routes.ts";

/**
 * What the Ingress of a canary says in vain, since the main rule's Ingress decides it: an address list there protects
 * nothing. Where both say the same, as with canaries that a tool copies from the main Ingress, there is nothing to tell.
 */
export function unheededKeys(
  main: Canary,
  canaries: readonly Canary[],
  { byScope }: TranslateContext,
): Diagnostic[] {
  return canaries.flatMap((canary) =>
    byScope.route
      .filter((feature) => isUnheeded(feature, canary))
      .flatMap((feature) => Object.keys(feature.keys).flatMap((key) => differs(key, main, canary)))
      .map((entry) => unheeded(entry, main)),
  );
}

/** Features that have nothing to do have no policy, and tell so themselves. */
function isUnheeded({ id, perVariant, variant }: Feature, { rules: { own } }: Canary): boolean {
  const matters = own.policies[id] !== undefined || own.denied.includes(id);
  return matters && perVariant !== true && variant === undefined;
}

/** The annotation of the canary, if it says something else than the main Ingress. */
function differs(key: string, main: Canary, canary: Canary): readonly AnnotationEntry[] {
  const entry = canary.rules.own.annotations.get(key);
  const isSame = (main.rules.own.annotations.get(key)?.text ?? "") === entry?.text;
  return entry === undefined || entry.text === "" || isSame ? [] : [entry];
}

function unheeded({ annotation, text, object }: AnnotationEntry, main: Canary): Diagnostic {
  const { namespace, name } = main.rules.ref;
  return {
    code: "annotation-no-effect",
    severity: "warning",
    origin: annotationOrigin(object, annotation),
    key: annotation,
    value: text,
    message: `${annotation} has no effect on a canary: what the Ingress ${namespace}/${name} of its main rule says, or does not say, holds for it too.`,
    hint: `Set it on ${namespace}/${name}.`,
  };
}
