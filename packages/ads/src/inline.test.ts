import { expect, test } from "vitest";
import { cacheInline } from "./inline.ts";
import { inline, make } from "./testing/fixtures.ts";

test("is called once for the same versions, whoever asks", () => {
  let calls = 0;
  const cached = cacheInline((routes, hosts) => {
    calls++;
    return inline(routes, hosts);
  });
  const first = cached(make.routes("r"), [make.host("r/a", "c")]);
  expect(cached(make.routes("r"), [make.host("r/a", "c")])).toBe(first);
  expect(calls).toBe(1);
  expect(cached(make.routes("r"), [make.host("r/a", "d")])).not.toBe(first);
  expect(cached(make.routes("r"), [])).toMatchObject({ name: "r" });
  cached(make.routes("other"), []);
  cached(make.routes("r"), []);
  expect(calls).toBe(4);
});
