import type { AnnotationSet } from "@sluice/feature-api";
import { features } from "@sluice/features";
import { expect, test } from "vitest";
import { mergeAnnotations } from "./ingress-policies.ts";

/** The annotations of Ingresses named 0, 1 and so on. */
const merge = (...sets: readonly Readonly<Record<string, string>>[]) => {
  const { set, diagnostics } = mergeAnnotations(
    sets.map((texts, n): AnnotationSet => {
      const object = { kind: "Ingress", namespace: `ns${n}`, name: `${n}` } as const;
      return new Map(
        Object.entries(texts).map(([key, text]) => [key, { object, annotation: `mse/${key}`, text }]),
      );
    }),
    features,
    "the host a.test",
  );
  return [
    Object.fromEntries([...set].map(([key, { text }]) => [key, text])),
    diagnostics.map(({ code, origin, key }) => `${code} ${origin?.object.name} ${key}`),
  ];
};

const SECRET = { "auth-tls-secret": "clients" };

test("a younger Ingress loosens no protection by a key that the oldest lacks", () => {
  for (const key of [
    "auth-tls-verify-client",
    "auth-tls-verify-depth",
    "auth-tls-pass-certificate-to-upstream",
    "auth-tls-error-page",
  ])
    expect(merge({}, SECRET, { [key]: "x" })).toEqual([SECRET, [`annotation-overruled 2 mse/${key}`]]);
  const on = { "auth-tls-verify-client": "on" };
  expect(merge(on, SECRET)).toEqual([on, ["annotation-overruled 1 mse/auth-tls-secret"]]);
});

test("it may tighten one, and have keys of other features", () => {
  const more = { "auth-tls-match-cn": "CN=a", "tls-min-protocol-version": "TLSv1.3" };
  expect(merge(SECRET, more)).toEqual([{ ...SECRET, ...more }, []]);
});

test("keys that ask for nothing claim nothing", () => {
  const depth = { "auth-tls-verify-depth": "2" };
  expect(merge(depth, SECRET)).toEqual([{ ...depth, ...SECRET }, []]);
});
