import type { Condition } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IngressRoute } from "./ingress-rules.ts";
import { compareRoutes, conditionsKey, matchKey } from "./route-order.ts";
import { ingress } from "./testing/index.ts";

const header = (name: string): Condition => ({ on: "header", name, match: { kind: "present" } });

function route(
  kind: "exact" | "prefix" | "regex",
  path: string,
  fields: { age?: number; conditions?: number; isDefault?: boolean; name?: string } = {},
): IngressRoute {
  const { age = 1, conditions = 0, isDefault = false, name = `${kind} ${path}` } = fields;
  return {
    name,
    ingress: ingress(name, { age }),
    origin: { object: { kind: "Ingress", namespace: "default", name } },
    rulePath: path,
    pairKey: path,
    backend: undefined,
    meant: [],
    draft: {
      path: { kind, value: path },
      conditions: Array.from({ length: conditions }, (_, index) => header(`x-${index}`)),
      backends: [],
    },
    isDefault,
  };
}

test("the order in a host", () => {
  const sorted = [
    route("exact", "/longest/of/all"),
    route("exact", "/a"),
    route("regex", "/longest/(of|all)"),
    route("prefix", "/longest"),
    route("prefix", "/abc", { conditions: 2, age: 9 }),
    route("prefix", "/abc", { conditions: 1, age: 9, name: "one condition" }),
    route("prefix", "/abc", { age: 1, name: "old" }),
    route("prefix", "/abc", { age: 2, name: "young a" }),
    route("prefix", "/abc", { age: 2, name: "young b" }),
    route("regex", "/a.c", { conditions: 3 }),
    route("regex", "/a.c", { name: "regex without conditions" }),
    route("prefix", "/"),
    route("prefix", "/", { isDefault: true, conditions: 5, age: 0, name: "default" }),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(sorted, { minLength: sorted.length }), (shuffled) => {
      expect(shuffled.toSorted(compareRoutes).map(({ name }) => name)).toEqual(
        sorted.map(({ name }) => name),
      );
    }),
  );
});

test("a regex counts as long as it is written, whatever it became", () => {
  const made = { ...route("regex", "/short"), draft: { ...route("regex", "x".repeat(50)).draft } };
  expect(compareRoutes(made, route("prefix", "/longer"))).toBeGreaterThan(0);
});

describe("matches that take the same requests", () => {
  const match = (path: { kind: "prefix" | "regex"; value: string; ignoreCase?: boolean; whole?: boolean }) =>
    matchKey({ path, conditions: [] });

  test("are equal however absent options are spelt", () => {
    expect(match({ kind: "prefix", value: "/a", ignoreCase: false })).toBe(
      match({ kind: "prefix", value: "/a" }),
    );
    expect(match({ kind: "regex", value: "/a", whole: false })).toBe(match({ kind: "regex", value: "/a" }));
  });

  test("differ in kind, path, case and extent", () => {
    const keys = [
      match({ kind: "prefix", value: "/a" }),
      match({ kind: "prefix", value: "/b" }),
      match({ kind: "prefix", value: "/a", ignoreCase: true }),
      match({ kind: "regex", value: "/a" }),
      match({ kind: "regex", value: "/a", whole: true }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("have conditions in any order", () => {
    const [a, b] = [header("a"), header("b")];
    expect(conditionsKey([a, b])).toBe(conditionsKey([b, a]));
    expect(conditionsKey([a])).not.toBe(conditionsKey([{ ...a, negate: true }]));
    expect(conditionsKey([a])).toBe(conditionsKey([{ ...a, negate: false }]));
    expect(conditionsKey([a])).not.toBe(conditionsKey([{ ...a, on: "query" }]));
  });
});
