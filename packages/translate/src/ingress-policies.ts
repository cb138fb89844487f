import {
  type AnnotationEntry,
  type AnnotationSet,
  annotationOrigin,
  askMarks,
  createReport,
  type Feature,
  keyNames,
  parseFeature,
  parseValue,
  type References,
  resolveAnnotations,
  shorten,
  shownValue,
} from "@sluice/feature-api";
import type { Diagnostic, Ingress, ObjectRef, Policies } from "@sluice/model";
import { objectKey } from "@sluice/model";
import type { TranslateContext } from "./context.ts";

/** What an Ingress's own annotations say. */
export interface IngressPolicies {
  readonly annotations: AnnotationSet;
  /** Policies of the features of scope route, and marks of the features of scope service that it asks for. */
  readonly policies: Policies;
  /** Protections that could not be built: the routes answer 503. */
  readonly denied: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses the route annotations of an Ingress, and names the keys that no feature knows. */
export function ingressPolicies(
  ingress: Ingress,
  context: TranslateContext,
  references: References,
): IngressPolicies {
  const object: ObjectRef = {
    kind: "Ingress",
    namespace: ingress.metadata.namespace,
    name: ingress.metadata.name,
  };
  const blankCounts = (key: string): boolean =>
    context.features.some(({ keys }) => keys[key]?.blankCounts === true);
  const { set, diagnostics } = resolveAnnotations(
    object,
    ingress.metadata.annotations,
    blankCounts,
    keyNames(context.features),
  );
  const parsed = parseAll(context.byScope.route, set, object, references);
  return {
    annotations: set,
    policies: { ...parsed.policies, ...askMarks(context.byScope.service, set) },
    denied: parsed.denied,
    diagnostics: [...diagnostics, ...unknownKeys(set, context.features), ...parsed.diagnostics],
  };
}

/** Policies, refusals and findings of several features over one set of annotations. */
export function parseAll(
  features: readonly Feature[],
  set: AnnotationSet,
  object: ObjectRef,
  references: References,
  referencesIn?: (namespace: string) => References,
): { policies: Policies; denied: readonly string[]; diagnostics: readonly Diagnostic[] } {
  const policies: Record<string, unknown> = {};
  const denied: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const feature of features) {
    const result = parseFeature(feature, set, object, references, referencesIn);
    if (result.policy !== undefined) policies[feature.id] = result.policy;
    if (result.denied) denied.push(feature.id);
    diagnostics.push(...result.diagnostics);
  }
  return { policies, denied, diagnostics };
}

const keyTests = new WeakMap<readonly Feature[], (key: string) => boolean>();

/** Whether one of the features declares a key. Remembered per list: the same few keys are asked for again and again. */
function keyTest(features: readonly Feature[]): (key: string) => boolean {
  const known = keyTests.get(features);
  if (known !== undefined) return known;
  const plain = new Set<string>();
  const families: string[] = [];
  for (const feature of features)
    for (const [name, key] of Object.entries(feature.keys))
      if (key.each) families.push(name.slice(0, -1));
      else for (const text of [name, ...(key.aliases ?? [])]) plain.add(text);
  const test = (key: string): boolean => plain.has(key) || families.some((family) => key.startsWith(family));
  keyTests.set(features, test);
  return test;
}

function unknownKeys(set: AnnotationSet, features: readonly Feature[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  const known = keyTest(features);
  for (const [key, entry] of set) {
    if (known(key)) continue;
    found.push({
      code: "annotation-unknown",
      severity: "warning",
      origin: annotationOrigin(entry.object, entry.annotation),
      key: entry.annotation,
      value: shownValue(entry.text),
      message: `${entry.annotation} is not known and has no effect.`,
      hint: "Check the spelling, or see the annotation reference for what is supported.",
    });
  }
  return found;
}

/**
 * Merges the annotations of several Ingresses, oldest first, for features whose keys act on something they
 * share. Key by key the oldest decides; a younger one that differs is told so. A blank value is none, and a bad
 * one, reported here, decides nothing as long as a younger Ingress has a good one: it must not touch others. Where
 * bad values close a protection, the oldest decides whatever it says, and one that claims a protection decides about
 * keys that it lacks as well (see `Feature.claim`).
 */
export function mergeAnnotations(
  sets: readonly AnnotationSet[],
  features: readonly Feature[],
  shared: string,
): { readonly set: AnnotationSet; readonly diagnostics: readonly Diagnostic[] } {
  const merged = new Map<string, AnnotationEntry>();
  const diagnostics: Diagnostic[] = [];
  const declared = keyTest(features);
  for (const set of sets) {
    const taken = claimedKeys(features, merged);
    for (const [key, entry] of set) {
      if (!declared(key) || entry.text === "") continue;
      const winner = merged.get(key);
      const claimant = taken.get(key);
      if (winner === undefined && claimant !== undefined)
        diagnostics.push(overruled(entry, { ...claimant, text: "nothing" }, shared));
      else if (winner === undefined) merged.set(key, entry);
      else if (objectKey(winner.object) === objectKey(entry.object)) continue;
      else if (fault(features, key, winner) !== undefined && fault(features, key, entry) === undefined) {
        diagnostics.push(...badValue(features, key, winner));
        merged.set(key, entry);
      } else if (winner.text !== entry.text) diagnostics.push(overruled(entry, winner, shared));
    }
  }
  return { set: merged, diagnostics };
}

/** The keys that older Ingresses have claimed, each with the annotation that claims it. */
function claimedKeys(
  features: readonly Feature[],
  merged: ReadonlyMap<string, AnnotationEntry>,
): ReadonlyMap<string, AnnotationEntry> {
  const claimed = new Map<string, AnnotationEntry>();
  for (const { claim, keys } of features) {
    const claimant = claim?.by.map((key) => merged.get(key)).find((entry) => entry !== undefined);
    if (claim === undefined || claimant === undefined) continue;
    for (const key of Object.keys(keys)) if (!claim.tightening.includes(key)) claimed.set(key, claimant);
  }
  return claimed;
}

/** What a value should have been, if it is bad and so as if it were not there. */
function fault(features: readonly Feature[], key: string, { text }: AnnotationEntry): string | undefined {
  const owner = features.find(({ keys }) => Object.hasOwn(keys, key) && keys[key]?.each === false);
  if (owner === undefined || owner.onInvalid === "deny") return undefined;
  const declared = owner.keys[key];
  const result = declared && parseValue(declared, text);
  return result === undefined || result.ok ? undefined : result.expected;
}

function badValue(features: readonly Feature[], key: string, entry: AnnotationEntry): readonly Diagnostic[] {
  const { report, diagnostics } = createReport(new Map([[key, entry]]), entry.object, false);
  report.bad(key, fault(features, key, entry) ?? "");
  return diagnostics;
}

function overruled(
  loser: { text: string; annotation: string; object: ObjectRef },
  winner: { text: string; object: ObjectRef },
  shared: string,
): Diagnostic {
  const by = winner.object;
  return {
    code: "annotation-overruled",
    severity: "warning",
    origin: annotationOrigin(loser.object, loser.annotation),
    key: loser.annotation,
    value: shownValue(loser.text),
    message: `${loser.annotation} acts on ${shared}, for which the older Ingress ${by.namespace}/${by.name} says ${shorten(winner.text)}; that one decides.`,
    expected: shorten(winner.text),
    hint: "Set the same value in both, or in one only.",
  };
}
