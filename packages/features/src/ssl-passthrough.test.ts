import { expect, test } from "vitest";
import { sslPassthrough } from "./ssl-passthrough.ts";
import { parse } from "./testing/feature-bench.ts";

test.each([["true"], ["TRUE"], [" true "]])("%j passes TLS on", (text) => {
  const { policy, found } = parse(sslPassthrough, { "ssl-passthrough": text });
  expect(found).toEqual([]);
  expect(sslPassthrough.passesTls?.(policy)).toBe(true);
});

test("false does not", () => {
  expect(parse(sslPassthrough, { "ssl-passthrough": "false" })).toMatchObject({
    policy: undefined,
    found: [],
  });
});

test.each(["yes", "on", "tls", "true;", "$host"])("%j is no value, reported", (text) => {
  expect(parse(sslPassthrough, { "ssl-passthrough": text })).toMatchObject({
    policy: undefined,
    found: ["annotation-value ssl-passthrough"],
  });
});
