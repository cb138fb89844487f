import { expect, it } from "vitest";
import { cell } from "./cell.ts";
import { createGraph } from "./graph.ts";
import { watchedCells } from "./watched-cells.ts";

function setup() {
  const graph = createGraph();
  const cells = watchedCells<string | undefined>(undefined);
  const log: string[] = [];
  cells.keys.subscribe((added, removed) => log.push(`+${added} -${removed}`));
  const derived = graph.derive("derived", (key) => cells.get(key) ?? "nothing yet");
  return { graph, cells, log, derived };
}

it("has the keys that effects watch, through derivations too, and forgets values with them", () => {
  const { graph, cells, log, derived } = setup();
  const seen: string[] = [];
  const stop = graph.watch(derived, "a", (_key, value) => seen.push(value));
  expect(log.splice(0)).toEqual(["+a -"]);
  cells.set("a", "one");
  cells.set("a", "one");
  cells.set("b", "nobody watches it");
  expect(seen).toEqual(["nothing yet", "one"]);
  stop();
  expect(log.splice(0)).toEqual(["+ -a"]);
  cells.set("a", "two");
  expect(cells.get("a")).toBeUndefined();
  expect(cells.get("b")).toBeUndefined();
  expect(log).toEqual([]);
});

it("tells nothing of a read outside of effects, nor of a key that passes from one watcher to another", () => {
  const { graph, cells, log, derived } = setup();
  expect(derived("a")).toBe("nothing yet");
  const left = cell(true);
  graph.effect(() => void (left.get() && cells.get("a")));
  graph.effect(() => void (left.get() || cells.get("a")));
  cells.set("a", "one");
  log.length = 0;
  left.set(false);
  expect(log).toEqual([]);
  expect(derived("a")).toBe("one");
});

it("tells of a key that is replaced by another in one change", () => {
  const { graph, cells, log } = setup();
  const name = cell("a");
  graph.effect(() => void cells.get(name.get()));
  name.set("b");
  expect(log.splice(0)).toEqual(["+a -", "+b -", "+ -a"]);
});
