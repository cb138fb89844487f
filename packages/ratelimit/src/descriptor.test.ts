import { LIMIT_ENTRY } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDescriptor } from "./descriptor.ts";

const entries = (pairs: Record<string, string>) =>
  Object.entries(pairs).map(([key, value]) => ({ key, value }));
const read = (pairs: Record<string, string>) => readDescriptor("d", { entries: entries(pairs) });

describe("a descriptor", () => {
  test.each([
    ["requests_per_second", 1_000],
    ["requests_per_minute", 60_000],
    ["requests_per_hour", 3_600_000],
    ["requests_per_day", 86_400_000],
  ])("with %s is a rate", (key, windowMs) => {
    expect(read({ route: "ns/web", [key]: "100" })).toEqual({
      kind: "rate",
      limit: { key: '["rate","d","route","ns/web"]', group: "d", limit: 100, windowMs },
    });
  });

  test("with an id is a request in flight, or the end of one", () => {
    const key = '["in-flight","d","route","ns/web"]';
    const pairs = { route: "ns/web", in_flight: "5", request: "id" };
    const limit = { key, group: "d", limit: 5 };
    expect(read(pairs)).toEqual({ kind: "in-flight", here: false, limit, id: "id" });
    expect(read({ ...pairs, done: "true" })).toEqual({ kind: "done", here: false, key, id: "id" });
  });

  test("can be about the requests of one Envoy alone", () => {
    const pairs = { route: "ns/web", in_flight_here: "5", request: "id" };
    expect(read(pairs)).toMatchObject({ kind: "in-flight", here: true });
    expect(read({ ...pairs, done: "true" })).toMatchObject({ kind: "done", here: true });
  });

  test("can exempt a request, by one value alone", () => {
    const pairs = { in_flight_here: "5", request: "id" };
    expect(read({ ...pairs, exempt: "allowed" })).toEqual({ kind: "exempt" });
    expect(read({ ...pairs, exempt: "denied" })).toMatchObject({ kind: "in-flight" });
  });

  test("counts apart what has other entries", () => {
    const key = (pairs: Record<string, string>) => {
      const ask = read({ requests_per_second: "1", ...pairs });
      return ask?.kind === "rate" ? ask.limit.key : undefined;
    };
    expect(key({ a: "b" })).toBe(key({ a: "b", [LIMIT_ENTRY.perSecond]: "2" }));
    expect(key({ a: "b" })).not.toBe(key({ a: 'b","c' }));
    expect(key({ a: "x".repeat(10_000) })).toHaveLength(43);
    expect(key({ a: "x".repeat(10_000) })).not.toBe(key({ a: "x".repeat(10_001) }));
  });

  test("may have an override of Envoy's own, which wins", () => {
    const limit = { requestsPerUnit: 7, unit: "MINUTE" } as const;
    expect(readDescriptor("d", { entries: entries({ requests_per_second: "1" }), limit })).toMatchObject({
      limit: { limit: 7, windowMs: 60_000 },
    });
  });

  test.each([
    [{}],
    [{ route: "a" }],
    [{ requests_per_second: "0" }],
    [{ requests_per_second: "-1" }],
    [{ requests_per_second: "1.5" }],
    [{ requests_per_second: "1e3" }],
    [{ requests_per_second: " 1" }],
    [{ requests_per_second: "4294967296" }],
    [{ requests_per_second: "99999999999999999999" }],
    [{ in_flight: "5" }],
    [{ in_flight: "0", request: "id" }],
  ])("that names no limit which can be used yields none: %j", (pairs: Record<string, string>) => {
    expect(read(pairs)).toBeUndefined();
  });

  test("property: whatever is in it, reading never throws", () => {
    const name = fc.oneof(fc.constantFrom(...Object.values(LIMIT_ENTRY)), fc.string());
    fc.assert(
      fc.property(fc.array(fc.record({ key: name, value: fc.string() })), (list) => {
        readDescriptor("d", { entries: list });
      }),
    );
  });
});
