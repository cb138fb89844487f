import { expect, test } from "vitest";
import { createDemand } from "./demand.ts";

test("keeps a key as long as somebody holds it", () => {
  const { hold, keys } = createDemand();
  const changes: string[] = [];
  keys.subscribe((added, removed) => changes.push(`+${added.join()} -${removed.join()}`));
  hold("one", new Set(["a", "b"]));
  hold("two", new Set(["b"]));
  hold("one", new Set(["b"]));
  hold("one", new Set());
  hold("one", new Set());
  hold("two", new Set());
  expect(changes).toEqual(["+a -", "+b -", "+ -a", "+ -b"]);
});

test("lets go of a key only after taking hold of others", () => {
  const { hold, keys } = createDemand();
  hold("one", new Set(["a"]));
  hold("one", new Set(["b"]));
  expect([...keys.current()]).toEqual(["b"]);
});
