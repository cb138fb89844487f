import { expect, test } from "vitest";
import { Retries } from "./retry.ts";

test("nothing is tried again without a reason to", () => {
  const retries = new Retries();
  retries.refused("a", 0);
  expect(retries.nextAt).toBeUndefined();
  expect(retries.take(1e9)).toEqual([]);
});

test("the first time at once, then with growing waits", () => {
  const retries = new Retries();
  let now = 0;
  const waits = Array.from({ length: 11 }, () => {
    retries.refused("a", now);
    retries.invite("a");
    const wait = (retries.nextAt ?? Number.NaN) - now;
    now += wait;
    expect(retries.take(now)).toEqual(["a"]);
    return wait;
  });
  expect(waits).toEqual([0, 1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 64e3, 128e3, 256e3, 300e3]);
});

test("what was accepted or changed is forgotten", () => {
  const retries = new Retries();
  retries.refused("a", 0);
  retries.invite("a");
  retries.forget("a");
  expect(retries.nextAt).toBeUndefined();
  expect([...retries.keys()]).toEqual([]);
  retries.invite("a");
  expect(retries.take(1e9)).toEqual([]);
});
