import { createGraph } from "@sluice/store";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRelation } from "./relation.ts";

const TARGETS = ["x", "y", "z"] as const;

test("is the inverse of what was set, whatever came before", () => {
  const step = fc.tuple(fc.constantFrom("a", "b", "c"), fc.uniqueArray(fc.constantFrom(...TARGETS)));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const relation = createRelation();
      for (const [source, targets] of steps) relation.set(source, new Set(targets));
      const last = new Map(steps);
      for (const target of TARGETS) {
        const sources = [...last].filter(([, targets]) => targets.includes(target)).map(([source]) => source);
        expect(relation.get(target)).toEqual(sources.sort());
      }
    }),
  );
});

test("reruns only the readers of targets that a write touches", () => {
  const graph = createGraph();
  const relation = createRelation();
  const seen: string[] = [];
  for (const target of ["x", "y"])
    graph.effect(() => void seen.push(`${target}: ${relation.get(target).join()}`));
  relation.set("a", new Set(["x"]));
  relation.set("a", new Set(["x"]));
  relation.set("b", new Set(["x", "y"]));
  relation.set("a", new Set());
  expect(seen).toEqual(["x: ", "y: ", "x: a", "x: a,b", "y: b", "x: b"]);
});
