import { expect, test } from "vitest";
import { serviceUpstream } from "./service-upstream.ts";
import { parse } from "./testing/feature-bench.ts";

test("true: the Service's own address", () => {
  const { policy, found } = parse(serviceUpstream, { "service-upstream": "true" });
  expect(serviceUpstream.useClusterAddress?.(policy)).toBe(true);
  expect(found).toEqual([]);
});

test.each(["false", "", "on"])("%o: nothing", (text) => {
  expect(parse(serviceUpstream, { "service-upstream": text }).policy).toBeUndefined();
});

test("what chooses among endpoints has no effect then, reported by key", () => {
  const { found } = parse(serviceUpstream, {
    "service-upstream": "true",
    affinity: "cookie",
    "upstream-hash-by": "$host",
  });
  expect(found).toEqual(["annotation-no-effect affinity", "annotation-no-effect upstream-hash-by"]);
});
