import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findCulprits } from "./culprits.ts";

/** A world that is refused while any culprit is in it. */
function world(culprits: ReadonlySet<number>) {
  const attempts: number[][] = [];
  const refused = (out: ReadonlySet<number>) => [...culprits].filter((culprit) => !out.has(culprit));
  return {
    attempts,
    attempt(out: ReadonlySet<number>) {
      attempts.push([...out].sort((a, b) => a - b));
      const found = refused(out);
      return Promise.resolve(found.length === 0 ? undefined : `refused for ${found.join()}`);
    },
  };
}

const suspects = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("findCulprits", () => {
  it("finds exactly the culprits, and ends without them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.nat(39), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (count, picks, knownGood) => {
          const culprits = new Set(picks.map((pick) => pick % count));
          const { attempts, attempt } = world(culprits);
          const found = await findCulprits(suspects(count), { attempt, knownGood, words: "first" });
          expect(new Set(found?.keys())).toEqual(culprits);
          expect(attempts.at(-1)).toEqual([...culprits].sort((a, b) => a - b));
          const halving = 2 * culprits.size * (Math.log2(count) + 1) + 3;
          expect(attempts.length).toBeLessThan(halving + (knownGood ? 0 : 17));
        },
      ),
    );
  });

  it("never leaves out an innocent to find a single culprit, if nothing is known to be good", async () => {
    const { attempts, attempt } = world(new Set([3]));
    const found = await findCulprits(suspects(10), { attempt, knownGood: false, words: "first" });
    expect([...(found ?? [])]).toEqual([[3, "first"]]);
    const accepted = attempts.filter((out) => out.includes(3));
    expect(accepted).toEqual([[3]]);
  });

  it("names the words that convicted each culprit", async () => {
    const { attempt } = world(new Set([1, 6]));
    const found = await findCulprits(suspects(8), { attempt, knownGood: true, words: "first" });
    expect(found?.get(1)).toMatch(/^refused for 1/);
    expect(found?.get(6)).toBe("refused for 6");
  });

  it("gives up if the world without all suspects is refused", async () => {
    const { attempts, attempt } = world(new Set([99]));
    expect(await findCulprits(suspects(3), { attempt, knownGood: true, words: "" })).toBeUndefined();
    expect(await findCulprits(suspects(1), { attempt, knownGood: false, words: "" })).toBeUndefined();
    expect(await findCulprits(suspects(3), { attempt, knownGood: false, words: "" })).toBeUndefined();
    expect(attempts.at(-1)).toEqual([0, 1, 2]);
  });

  it("blames the later of two that are bad only together", async () => {
    const attempt = (out: ReadonlySet<number>) =>
      Promise.resolve(out.has(0) || out.has(2) ? undefined : "clash");
    const found = await findCulprits(suspects(4), { attempt, knownGood: true, words: "first" });
    expect([...(found?.keys() ?? [])]).toEqual([2]);
    const cold = await findCulprits(suspects(4), { attempt, knownGood: false, words: "first" });
    expect([...(cold?.keys() ?? [])]).toEqual([2]);
  });
});
