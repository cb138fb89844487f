import {
  declaresKey,
  type Feature,
  parseFeature,
  resolveAnnotations,
} from "../../packages/feature-api/src/index.ts";
import { NO_REFERENCES } from "../../packages/features/src/testing/feature-bench.ts";
import type { Diagnostic, ObjectRef } from "../../packages/model/src/index.ts";
import { PREFIX } from "./examples.ts";

/** Values that some key cannot use. */
export const MISTAKES = [
  "no such",
  "-1",
  "yes",
  "$host",
  "999999999999",
  "(",
  ",",
  "/",
  "[::1",
  "off",
  "0",
  "true",
  "ä\u0001",
];

const INGRESS: ObjectRef = { kind: "Ingress", namespace: "shop", name: "web" };

/** Something that a feature may say, and what it was said of. */
export interface SaidOf {
  readonly key: string;
  readonly diagnostic: Diagnostic;
}

/**
 * What a feature has to say of its keys: found by trying it, on each key alone, on all together, and on many mistakes, where no
 * object that is named exists. Sentences that differ in what they quote count once.
 */
export function reportsOf(feature: Feature): readonly SaidOf[] {
  const found = new Map<string, SaidOf>();
  for (const annotations of trials(feature))
    for (const diagnostic of said(feature, annotations)) {
      const name = diagnostic.key?.slice(PREFIX.length);
      if (name === undefined || !declaresKey(feature, name)) continue;
      const shape = `${name} ${diagnostic.code} ${shapeOf(diagnostic.message)}`;
      if (!found.has(shape)) found.set(shape, { key: name, diagnostic });
    }
  return [...found.values()];
}

type Annotations = Readonly<Record<string, string>>;

function* trials(feature: Feature): Iterable<Annotations> {
  const examples = Object.fromEntries(
    Object.entries(feature.keys).map(([name, { example }]) => [`${PREFIX}${nameOf(name)}`, example]),
  );
  for (const [key, example] of Object.entries(examples))
    for (const value of [example, ...MISTAKES]) {
      yield { [key]: value };
      yield { ...examples, [key]: value };
    }
}

/** A key of its own for a family of keys. */
function nameOf(key: string): string {
  return key.replace("*", key.includes("pseudo-header") ? "method" : "x");
}

function said(feature: Feature, annotations: Annotations): readonly Diagnostic[] {
  const { set } = resolveAnnotations(INGRESS, annotations);
  return parseFeature(feature, set, INGRESS, NO_REFERENCES).diagnostics;
}

function shapeOf(message: string): string {
  return message.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\d+/g, "0");
}
