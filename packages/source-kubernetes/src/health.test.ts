import { ApiError } from "@sluice/kubernetes-api";
import { expect, test } from "vitest";
import { createHealth } from "./health.ts";
import { fakeClock } from "./testing/fake-clock.ts";

test("what is refused is told sorted, whatever the order in which it came and went", () => {
  const clock = fakeClock();
  const health = createHealth(clock, undefined);
  const names = ["c", "a", "d", "b"];
  const refuse = (name: string, words: string) => health.failed(name, new ApiError(403, words));
  for (const name of names) refuse(name, "no");
  expect(health.status.get().refused).toEqual([]);
  clock.advance(3_000);
  for (const name of names) refuse(name, "no");
  expect(health.status.get().refused).toEqual(["a: no", "b: no", "c: no", "d: no"]);
  refuse("b", "never");
  health.ok("a");
  health.gone("c");
  expect(health.status.get().refused).toEqual(["b: never", "d: no"]);
});
