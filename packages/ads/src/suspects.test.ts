import fc from "fast-check";
import { expect, test } from "vitest";
import { Suspects } from "./suspects.ts";

/** Sends groups until none is left; a group with a culprit is refused. Returns who stood alone, and how many were sent. */
function search(keys: readonly string[], culprits: ReadonlySet<string>) {
  const suspects = new Suspects();
  const found: string[] = [];
  const cleared: string[] = [];
  let responses = 0;
  suspects.split(keys, []);
  for (let group = suspects.take(); group !== undefined; group = suspects.take()) {
    responses++;
    const refused = group.some((key) => culprits.has(key));
    if (!refused) cleared.push(...group);
    else if (group.length === 1) found.push(...group);
    else suspects.split(group, []);
  }
  return { found, cleared, responses };
}

test("each culprit stands alone in the end, and all others are cleared", () => {
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
  fc.assert(
    fc.property(fc.subarray(keys), fc.subarray(keys), (all, bad) => {
      const culprits = new Set(bad.filter((key) => all.includes(key)));
      const { found, cleared } = search(all, culprits);
      expect(found.sort()).toEqual([...culprits].sort());
      expect(cleared.sort()).toEqual(all.filter((key) => !culprits.has(key)).sort());
    }),
  );
});

test("a culprit among a thousand costs about twice the logarithm", () => {
  const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`);
  expect(search(keys, new Set(["k617"])).responses).toBeLessThanOrEqual(20);
});

test("removals go first, and a key waits in one group only", () => {
  const suspects = new Suspects();
  suspects.split(["a", "b"], ["gone"]);
  suspects.addAlone("a");
  suspects.addAlone("c");
  expect(suspects.has("c")).toBe(true);
  const groups = Array.from({ length: 5 }, () => suspects.take());
  expect(groups).toEqual([["gone"], ["a"], ["b"], ["c"], undefined]);
  expect(suspects.has("a")).toBe(false);
});
