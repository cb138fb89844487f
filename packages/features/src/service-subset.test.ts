import { describe, expect, test } from "vitest";
import { serviceSubset } from "./service-subset.ts";
import { parse, WEB } from "./testing/feature-bench.ts";

const variantOf = (annotations: Record<string, string>) => {
  const { policy, found } = parse(serviceSubset, annotations);
  return { variant: policy === undefined ? undefined : serviceSubset.backendVariant?.(policy, WEB), found };
};
const takes = (annotations: Record<string, string>, labels: Record<string, string>) =>
  serviceSubset.selectPod?.(parse(serviceSubset, annotations).policy, labels);

const CANARY = "opensergo.io/canary";

describe("which pods", () => {
  test.each<[string, Record<string, string>, Record<string, string>, boolean]>([
    ["base: no labels", { "service-subset": "base" }, {}, true],
    ["blank: no labels", { "service-subset": "" }, {}, true],
    ["blanks: other labels", { "service-subset": "  " }, { app: "web" }, true],
    ["base: the empty label", { "service-subset": "base" }, { [CANARY]: "" }, true],
    [
      "base: the empty label and a canary's",
      { "service-subset": "base" },
      { [CANARY]: "", [`${CANARY}-v1`]: "v1" },
      true,
    ],
    ["base: a value", { "service-subset": "base" }, { [CANARY]: "v1" }, false],
    ["base: a canary's label", { "service-subset": "base" }, { [`${CANARY}-v1`]: "v1" }, false],
    ["v1: its label", { "service-subset": "v1" }, { [`${CANARY}-v1`]: "v1" }, true],
    ["v1: another value", { "service-subset": "v1" }, { [`${CANARY}-v1`]: "v2" }, false],
    ["v1: another canary", { "service-subset": "v1" }, { [`${CANARY}-v2`]: "v2" }, false],
    ["v1: none", { "service-subset": "v1" }, {}, false],
    [
      "own labels: all",
      { "service-subset": "v1", "subset-labels": "a 1\nx.io/b 2" },
      { a: "1", "x.io/b": "2" },
      true,
    ],
    [
      "own labels: one lacks",
      { "service-subset": "v1", "subset-labels": "a 1\nx.io/b 2" },
      { a: "1" },
      false,
    ],
    [
      "own labels: not the usual one",
      { "service-subset": "v1", "subset-labels": "a 1" },
      { [`${CANARY}-v1`]: "v1" },
      false,
    ],
    ["own labels with a blank name", { "service-subset": "", "subset-labels": "a 1" }, { a: "1" }, true],
    ["own label without value", { "service-subset": "v1", "subset-labels": "a" }, { a: "" }, true],
  ])("%s", (_, annotations, labels, taken) => {
    expect(takes(annotations, labels)).toBe(taken);
  });
});

describe("clusters of their own", () => {
  const suffix = (annotations: Record<string, string>) => variantOf(annotations).variant?.suffix;

  test("equal subsets share one, whatever the order of labels", () => {
    expect(suffix({ "service-subset": "v1" })).toBe("subset-v1");
    expect(suffix({ "service-subset": "" })).toBe(suffix({ "service-subset": "base" }));
    expect(suffix({ "service-subset": "v1", "subset-labels": "a 1\nb 2" })).toBe(
      suffix({ "service-subset": "v1", "subset-labels": "b  2\na 1" }),
    );
  });

  test("different ones do not, and the name holds nothing odd", () => {
    const names = [
      { "service-subset": "v1" },
      { "service-subset": "v1", "subset-labels": "a 1" },
      { "service-subset": "v1", "subset-labels": "a 2" },
      { "service-subset": "v2" },
      { "service-subset": "base" },
    ].map(suffix);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[-A-Za-z0-9._~]+$/);
  });
});

describe("bad values", () => {
  test.each(["a b", "a/b", "-a", "x".repeat(51), "é"])("service-subset %o is ignored", (text) => {
    expect(variantOf({ "service-subset": text })).toEqual({
      variant: undefined,
      found: ["annotation-value service-subset"],
    });
  });

  test.each(["a b c", "-a 1", "a/b/c 1", "a é", "/a 1"])(
    "subset-labels %o leaves the usual label",
    (text) => {
      const { variant, found } = variantOf({ "service-subset": "v1", "subset-labels": text });
      expect(variant?.suffix).toBe("subset-v1");
      expect(found).toEqual(["annotation-value subset-labels"]);
    },
  );

  test("subset-labels alone has no effect", () => {
    expect(variantOf({ "subset-labels": "a 1" })).toEqual({
      variant: undefined,
      found: ["annotation-no-effect subset-labels"],
    });
  });
});

test("a canary has its own", () => {
  expect(serviceSubset.perVariant).toBe(true);
});
