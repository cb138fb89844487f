import { expect, test } from "vitest";
import { cacheInline } from "./inline.ts";
import { inline, make } from "./testing/fixtures.ts";

test("is called once for the same versions, whoever asks", () => {
  let calls = 0;
  const cached = cacheInline((routes, hosts) => {
    calls++;
    return inline(routes, hosts);
  });
  const routes = make.routes("r");
  const first = cached(routes, [make.host("r/a", "c")]);
  expect(cached(routes, [make.host("r/a", "c")])).toBe(first);
  expect(calls).toBe(1);
  expect(cached(routes, [make.host("r/a", "d")])).not.toBe(first);
  expect(cached(routes, [])).toMatchObject({ name: "r" });
  expect(calls).toBe(3);
});

test("worlds with a RouteConfiguration of one name do not push out each other's result", () => {
  let calls = 0;
  const cached = cacheInline((routes, hosts) => {
    calls++;
    return inline(routes, hosts);
  });
  const worlds = [make.routes("r"), make.routes("r", { v: 2 })];
  for (let round = 0; round < 3; round++) for (const routes of worlds) cached(routes, []);
  expect(calls).toBe(2);
});
