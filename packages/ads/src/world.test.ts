import { describe, expect, test } from "vitest";
import type { Form } from "./form.ts";
import { keyOf } from "./keys.ts";
import { make, ref } from "./testing/fixtures.ts";
import { TYPE_URLS } from "./type-urls.ts";
import { World } from "./world.ts";

const C = keyOf(TYPE_URLS.CLUSTER, "c");
const H = keyOf(TYPE_URLS.VIRTUAL_HOST, "r/h");

function wanted(world: World, key: string): Form {
  const form = world.wanted(key);
  if (form === undefined) throw new Error(`${key} is not wanted`);
  return form;
}

describe("changes", () => {
  test("only what differs is announced", () => {
    const world = new World();
    const seen: string[][] = [];
    const stop = world.subscribe((keys) => seen.push([...keys]));
    world.apply({ set: [make.cluster("c"), make.host("r/h", "c")], removed: [] });
    world.apply({ set: [make.cluster("c")], removed: [ref.cluster("never")] });
    world.apply({ set: [make.cluster("c", { v: 2 })], removed: [ref.host("r/h")] });
    stop();
    world.apply({ set: [make.cluster("c", { v: 3 })], removed: [] });
    expect(seen).toEqual([[C, H], [], [C, H]]);
  });

  test("other origins with the same bytes reach the views, and no node", () => {
    const world = new World();
    const origins = [{ object: { kind: "Ingress", namespace: "a", name: "b" } }] as const;
    world.apply({ set: [make.cluster("c")], removed: [] });
    const before = wanted(world, C);
    world.apply({ set: [{ ...make.cluster("c"), origins }], removed: [] });
    expect(wanted(world, C)).toMatchObject({ revision: before.revision, resource: { origins } });
  });

  test("nothing is open before it is opened", () => {
    const world = new World();
    expect(world.isOpen).toBe(false);
    world.open();
    expect(world.isOpen).toBe(true);
  });
});

describe("what was accepted", () => {
  test("is kept beside what is wanted, and never goes back", () => {
    const world = new World();
    world.apply({ set: [make.cluster("c", { v: 1 })], removed: [] });
    const one = wanted(world, C);
    world.apply({ set: [make.cluster("c", { v: 2 })], removed: [] });
    const two = wanted(world, C);
    world.noteAccepted("a", two);
    world.noteAccepted("slow", one);
    expect(world.accepted(C)).toBe(two);
    expect(world.known(C, one.version)).toBeUndefined();
    expect(world.known(C, two.version)).toBe(two);
  });

  test("keeps what it refers to, until something else is accepted", () => {
    const world = new World();
    const announced: string[] = [];
    const set = [make.cluster("c"), make.endpoints("c"), make.routes("r"), make.host("r/h", "c")];
    world.apply({ set, removed: [] });
    for (const key of [C, H]) world.noteAccepted("n", wanted(world, key));
    world.apply({ set: [make.cluster("d"), make.host("r/h", "d")], removed: [ref.cluster("c")] });
    expect(world.wanted(C)).toBeDefined();
    world.subscribe((keys) => announced.push(...keys));
    world.noteAccepted("n", wanted(world, H));
    expect(world.wanted(C)).toBeUndefined();
    expect(announced).toEqual([C]);
  });
});

describe("quarantine", () => {
  test("names the resource, who refused it and what is in force", () => {
    const refused: string[] = [];
    const world = new World({ onRefused: ({ node, words }) => refused.push(`${node}: ${words}`) });
    world.apply({ set: [make.cluster("c", { v: 1 })], removed: [] });
    const good = wanted(world, C);
    world.noteAccepted("a", good);
    world.apply({ set: [make.cluster("c", { v: 2 })], removed: [] });
    const bad = wanted(world, C);
    world.noteRefused("b", bad, "first words", 10);
    world.noteRefused("a", bad, "latest words", 20);
    world.noteRefused("a", bad, "latest words", 30);
    expect(world.quarantine()).toEqual([
      {
        typeUrl: TYPE_URLS.CLUSTER,
        name: "c",
        version: bad.version,
        words: "latest words",
        nodes: ["a", "b"],
        since: 10,
        origins: bad.resource.origins,
        suspects: bad.resource.origins,
        fallbackVersion: good.version,
      },
    ]);
    expect(world.isSuspect(bad)).toBe(true);
    expect(refused).toEqual(["b: first words", "a: latest words", "a: latest words"]);
  });

  test.each<[string, (world: World, bad: Form) => void]>([
    ["another version", (world) => world.apply({ set: [make.cluster("c", { v: 9 })], removed: [] })],
    ["removal", (world) => world.apply({ set: [], removed: [ref.cluster("c")] })],
    ["acceptance by the node that refused", (world, bad) => world.noteAccepted("a", bad)],
  ])("is lifted by %s", (_, mend) => {
    const world = new World();
    world.apply({ set: [make.cluster("c")], removed: [] });
    const bad = wanted(world, C);
    world.noteRefused("a", bad, "no", 0);
    expect(world.quarantine()).toHaveLength(1);
    mend(world, bad);
    expect(world.quarantine()).toEqual([]);
  });

  test("outlives the last node that refused, not the others", () => {
    const world = new World();
    world.apply({ set: [make.cluster("c")], removed: [] });
    for (const node of ["a", "b"]) world.noteRefused(node, wanted(world, C), "no", 0);
    world.forgetNode("a");
    world.forgetNode("b");
    expect(world.quarantine()).toMatchObject([{ nodes: ["b"] }]);
  });
});
