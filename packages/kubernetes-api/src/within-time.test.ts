import { expect, test } from "vitest";
import { withinTime } from "./within-time.ts";

function asked(ms: number) {
  const outer = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const abandoned: string[] = [];
  const answer = withinTime(
    ms,
    outer.signal,
    () => promise,
    (late) => void abandoned.push(late),
  );
  return { outer, resolve, reject, abandoned, answer };
}

test("an answer in time is handed on, and not abandoned", async () => {
  const { resolve, answer, abandoned, outer } = asked(60_000);
  resolve("here");
  expect(await answer).toBe("here");
  outer.abort();
  expect(abandoned).toEqual([]);
});

test("an answer that begins in the moment of the end is abandoned, since nobody reads it", async () => {
  const { resolve, answer, abandoned, outer } = asked(60_000);
  outer.abort(new Error("closing"));
  resolve("here");
  await expect(answer).rejects.toThrow("closing");
  await expect.poll(() => abandoned).toEqual(["here"]);
});

test("so is one that comes after its time", async () => {
  const { resolve, answer, abandoned } = asked(1);
  await expect(answer).rejects.toThrow("has not answered in 0.001 s");
  resolve("late");
  await expect.poll(() => abandoned).toEqual(["late"]);
});

test("a request that fails has nothing to abandon", async () => {
  const { reject, answer, abandoned } = asked(60_000);
  reject(new Error("refused"));
  await expect(answer).rejects.toThrow("refused");
  expect(abandoned).toEqual([]);
});
