import { expect, test } from "vitest";
import { fromToWwwRedirect } from "./from-to-www-redirect.ts";
import { parse } from "./testing/feature-bench.ts";

const othersOf = (host: string) => {
  const { policy } = parse(fromToWwwRedirect, { "from-to-www-redirect": "true" });
  return fromToWwwRedirect.otherHosts?.(policy, host);
};

test.each([
  ["a.com", "www.a.com"],
  ["www.a.com", "a.com"],
  ["www2.a.com", "www.www2.a.com"],
])("for %s the other host is %s", (host, other) => {
  expect(othersOf(host)).toEqual([{ host: other, answer: { kind: "redirect", status: 308, host } }]);
});

test.each(["*", "*.a.com", "www.", `${"a".repeat(63)}.`.repeat(4).slice(0, 252)])("none for %s", (host) => {
  expect(othersOf(host)).toEqual([]);
});

test("false and bad values ask for nothing", () => {
  expect(parse(fromToWwwRedirect, { "from-to-www-redirect": "false" })).toMatchObject({
    policy: undefined,
    found: [],
  });
  expect(parse(fromToWwwRedirect, { "from-to-www-redirect": "on" })).toMatchObject({
    policy: undefined,
    found: ["annotation-value from-to-www-redirect"],
  });
});
