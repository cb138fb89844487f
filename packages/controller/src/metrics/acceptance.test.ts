import { expect, test } from "vitest";
import { createAcceptanceClock } from "./acceptance.ts";

function setup() {
  let time = 0;
  const clock = createAcceptanceClock(() => time);
  const resource = {
    typeUrl: "t",
    name: "r",
    bytes: new Uint8Array(),
    version: "1",
    origins: [],
    dependsOn: [],
  };
  const at = (now: number): void => {
    time = now;
  };
  return { clock, resource, at };
}

test("takes the time from rendering until each node that was connected has accepted", () => {
  const { clock, resource, at } = setup();
  clock.nodeConnected("a");
  clock.nodeConnected("b");
  at(10);
  clock.rendered(resource);
  at(15);
  expect(clock.accepted({ node: "a", resource })).toBe(5);
  at(35);
  expect(clock.accepted({ node: "b", resource })).toBe(25);
});

test("says nothing about a node that came later, or that accepts the same once more", () => {
  const { clock, resource } = setup();
  clock.rendered(resource);
  clock.nodeConnected("a");
  expect(clock.accepted({ node: "a", resource })).toBeUndefined();
  clock.rendered(resource);
  clock.nodeConnected("b");
  expect(clock.accepted({ node: "b", resource })).toBeUndefined();
  expect(clock.accepted({ node: "a", resource })).toBe(0);
  expect(clock.accepted({ node: "a", resource })).toBeUndefined();
});

test("a node is connected as long as one of its streams is", () => {
  const { clock, resource } = setup();
  clock.nodeConnected("a");
  clock.nodeConnected("a");
  clock.nodeGone("a");
  clock.rendered(resource);
  expect(clock.accepted({ node: "a", resource })).toBe(0);
  clock.nodeGone("a");
  clock.rendered(resource);
  expect(clock.accepted({ node: "a", resource })).toBeUndefined();
});
