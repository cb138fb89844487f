import fc from "fast-check";
import { expect, test } from "vitest";
import { compareAge } from "./age.ts";
import { ingress } from "./testing/index.ts";

test("the oldest first, those without a timestamp last, then by namespace and name", () => {
  const sorted = [
    ingress("z", { age: 1 }),
    ingress("a", { age: 2 }),
    ingress("b", { age: 2 }),
    ingress("a", { age: 2, namespace: "other" }),
    ingress("a"),
    ingress("b"),
    ingress("a", { namespace: "other" }),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(sorted, { minLength: sorted.length }), (shuffled) => {
      expect(shuffled.toSorted(compareAge)).toEqual(sorted);
    }),
  );
});

test("an object is as old as itself", () => {
  expect(compareAge(ingress("a"), ingress("a"))).toBe(0);
});
