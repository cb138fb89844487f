import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ANNOTATION_PREFIXES, type Feature } from "../../packages/feature-api/src/index.ts";
import { features } from "../../packages/features/src/index.ts";
import { parse } from "../../packages/features/src/testing/feature-bench.ts";
import { MISTAKES } from "./reports.ts";
import { annotationSchema } from "./schema.ts";

const validate = new Ajv({ strict: false, allErrors: true }).compile(annotationSchema(features));

const PREFIX = ANNOTATION_PREFIXES[0];

function accepts(annotations: Readonly<Record<string, unknown>>, kind = "Ingress"): boolean {
  return validate({ apiVersion: "v1", kind, metadata: { name: "a", annotations } });
}

/** A name for a key; `*` in it stands for something that all its families take. */
const spelled = (name: string): string => name.replace("*", "method");

const KEYS = features.flatMap((feature) =>
  Object.entries(feature.keys).map(([name, key]) => [name, key, feature] as const),
);

/** Whether the gateway has nothing to say of a value. */
function works(feature: Feature, name: string, value: string): boolean {
  return parse(feature, { [spelled(name)]: value }).diagnostics.length === 0;
}

describe.each(KEYS)("%s", (name, key, feature) => {
  test("its example is taken under each prefix and each name, and so is a blank", () => {
    for (const prefix of ANNOTATION_PREFIXES)
      for (const each of [name, ...(key.aliases ?? [])])
        for (const value of [key.example, ` ${key.example}\n`, "", " "])
          expect([value, accepts({ [`${prefix}${spelled(each)}`]: value })]).toEqual([value, true]);
  });

  test("what is no text is refused", () => {
    for (const value of [true, 5, null, ["a"]])
      expect(accepts({ [`${PREFIX}${spelled(name)}`]: value })).toBe(false);
  });

  test("nothing is refused that works", () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...key.example, ",", " ", "/", "-"), maxLength: 12 }),
      fc.constantFrom(
        ...MISTAKES,
        key.example.toUpperCase(),
        key.example.toLowerCase(),
        "True",
        "007",
        "HTTP://a.b",
      ),
    );
    fc.assert(
      fc.property(
        text,
        (value) => accepts({ [`${PREFIX}${spelled(name)}`]: value }) || !works(feature, name, value),
      ),
      { numRuns: 100 },
    );
  });
});

const TOLD = KEYS.filter(
  ([, { type }]) => type.schema.enum !== undefined || type.schema.pattern !== undefined,
);

test.each(TOLD)("%s: mistakes are refused", (name) => {
  const refused = MISTAKES.filter((value) => !accepts({ [`${PREFIX}${spelled(name)}`]: value }));
  expect(refused).not.toEqual([]);
});

test("misspelt keys are refused, annotations of others are not", () => {
  expect(accepts({ "nginx.ingress.kubernetes.io/enable-cros": "true" })).toBe(false);
  expect(accepts({ "higress.io/exact-match-header-": "x" })).toBe(false);
  expect(accepts({ "cert-manager.io/cluster-issuer": "x", "disabled.higress.io/timeout": "x" })).toBe(true);
});

test("objects of other kinds are left alone", () => {
  expect(accepts({ "nginx.ingress.kubernetes.io/enable-cros": true }, "Service")).toBe(true);
});

test("patterns are not lost unnoticed", () => {
  expect(TOLD.length).toBeGreaterThan(70);
});

test("the file is what the sources say", () => {
  const file = new URL("../../docs/annotations/ingress.schema.json", import.meta.url);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(annotationSchema(features));
});
