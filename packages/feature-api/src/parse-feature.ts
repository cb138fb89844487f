import type { Diagnostic, ObjectRef, Policies } from "@sluice/model";
import type { AnnotationEntry, AnnotationSet } from "./annotations.ts";
import type { Feature, References } from "./feature.ts";
import { type Key, type KeyTable, parseValue, type Values } from "./keys.ts";
import { createReport } from "./report.ts";

/** What became of a feature's annotations. */
export interface FeatureResult {
  /** Undefined: nothing to do. */
  readonly policy: unknown;
  /** True: a protection could not be built; its routes must answer 503. */
  readonly denied: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

const NOTHING: FeatureResult = { policy: undefined, denied: false, diagnostics: [] };

/**
 * Parses one feature's annotations out of a set. Every bad key is reported, not only the first. Never throws on
 * account of an annotation's value.
 */
export function parseFeature(
  feature: Feature,
  set: AnnotationSet,
  object: ObjectRef,
  references: References,
  referencesIn: (namespace: string) => References = () => references,
): FeatureResult {
  const present = presentKeys(feature, set);
  if (present.length === 0) return NOTHING;
  const deny = feature.onInvalid === "deny";
  const { report, diagnostics, isBad } = createReport(aliased(set, present), object, deny);
  const values = keyValues(present, (name, expected) => report.bad(name, expected));
  // Each value was parsed by the type that its key declares.
  const referencesOf = (name: string): References =>
    referencesIn((set.get(name)?.object ?? object).namespace);
  const text = (name: string): string => set.get(name)?.text ?? "";
  const isSet = (name: string): boolean => text(name) !== "";
  const written = (name: string): string | undefined => set.get(name)?.annotation;
  const policy = feature.parse(values as Values<KeyTable>, {
    object,
    report,
    references,
    referencesOf,
    isSet,
    written,
    text,
  });
  return { policy, denied: deny && isBad(), diagnostics };
}

/**
 * Whether an Ingress asks, by its own annotations, for what the feature does on routes of its own (see
 * {@link Feature.asks}). Bad values count as absent and are not reported: parsing the merged values does that.
 */
export function asksFor(feature: Feature, set: AnnotationSet): boolean {
  if (feature.asks === undefined) return false;
  const present = presentKeys(feature, set);
  // Each value was parsed by the type that its key declares.
  return present.length > 0 && feature.asks(keyValues(present, () => undefined) as Values<KeyTable>);
}

/** The marks of an Ingress: for each feature that it asks for, {@link askMark} with the value true. */
export function askMarks(features: readonly Feature[], set: AnnotationSet): Policies {
  return Object.fromEntries(
    features.filter((feature) => asksFor(feature, set)).map(({ id }) => [askMark(id), true]),
  );
}

/** The name under which a route's policies say that the Ingress of the route asks for a feature of scope service. */
export function askMark(id: string): string {
  return `${id}@own`;
}

function keyValues(
  present: readonly PresentKey[],
  onBad: (name: string, expected: string) => void,
): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null);
  for (const { name, key, entries } of present) {
    const parsed = new Map<string, unknown>();
    for (const [part, entry] of entries) {
      const result = parseValue(key, entry.text);
      if (result.ok) parsed.set(part, result.value);
      else onBad(key.each ? name.replace("*", part) : name, result.expected);
    }
    if (key.each) values[name] = parsed;
    else if (parsed.size > 0) values[name] = parsed.get("");
  }
  return values;
}

interface PresentKey {
  readonly name: string;
  readonly key: Key<never>;
  /** By what stands for `*`; `""` for a plain key. */
  readonly entries: ReadonlyMap<string, AnnotationEntry>;
}

function presentKeys(feature: Feature, set: AnnotationSet): PresentKey[] {
  const found: PresentKey[] = [];
  for (const [name, key] of Object.entries(feature.keys)) {
    const entries = key.each ? wildcardEntries(name, set) : plainEntry(name, key, set);
    if (entries.size > 0) found.push({ name, key, entries });
  }
  return found;
}

function plainEntry(name: string, key: Key<never>, set: AnnotationSet): Map<string, AnnotationEntry> {
  for (const candidate of [name, ...(key.aliases ?? [])]) {
    const entry = set.get(candidate);
    if (entry !== undefined && (entry.text !== "" || key.blankCounts)) return new Map([["", entry]]);
  }
  return new Map();
}

function wildcardEntries(name: string, set: AnnotationSet): Map<string, AnnotationEntry> {
  const prefix = name.slice(0, -1);
  const entries = new Map<string, AnnotationEntry>();
  for (const [candidate, entry] of set) {
    if (candidate.startsWith(prefix) && candidate.length > prefix.length && entry.text !== "")
      entries.set(candidate.slice(prefix.length), entry);
  }
  return entries;
}

/** The set with aliased entries under their key's own name, so that a report by key finds them. */
function aliased(set: AnnotationSet, present: readonly PresentKey[]): AnnotationSet {
  const out = new Map(set);
  for (const { name, entries } of present) {
    const plain = entries.get("");
    if (plain !== undefined) out.set(name, plain);
  }
  return out;
}

/** True if the key (without prefix) is declared by the feature, by name, alias or family. */
export function declaresKey(feature: Feature, name: string): boolean {
  return Object.entries(feature.keys).some(([declared, key]) =>
    key.each
      ? name.startsWith(declared.slice(0, -1)) && name.length >= declared.length
      : name === declared || (key.aliases?.includes(name) ?? false),
  );
}
