import { describe, expect, test } from "vitest";
import { partOf, readPaging } from "./paging.ts";

describe("what is asked for", () => {
  test.each([
    ["", { limit: 200, after: "" }],
    ["limit=", { limit: 200, after: "" }],
    ["limit=1&after=x%2Fy", { limit: 1, after: "x/y" }],
    ["limit=10000", { limit: 10_000, after: "" }],
  ])("%j", (query, expected) => {
    expect(readPaging(new URLSearchParams(query))).toEqual(expected);
  });

  test.each(["0", "-1", "1.5", "1e3", "10001", "ten", " 5"])("limit %j is refused", (limit) => {
    expect(readPaging(new URLSearchParams({ limit }))).toEqual({
      fault: "limit must be a whole number from 1 to 10000.",
    });
  });
});

describe("the parts of a list", () => {
  const names = Array.from({ length: 7 }, (_, index) => `n&${index}`);
  const part = (query: string, list = names) => {
    const params = new URLSearchParams(query);
    const paging = readPaging(params);
    if ("fault" in paging) throw new Error(paging.fault);
    return partOf(list, (name) => name, paging, { path: "/list", query: params });
  };

  test("add up to the whole when each is followed to the next, other parameters kept", () => {
    const seen: string[] = [];
    let address: string | undefined = "/list?limit=3&kind=x";
    while (address !== undefined) {
      const url = new URL(address, "http://debug.invalid");
      expect(url.searchParams.get("kind")).toBe("x");
      const { total, items, next } = part(url.search);
      expect(total).toBe(7);
      expect(items.length).toBeLessThanOrEqual(3);
      seen.push(...items);
      address = next;
    }
    expect(seen).toEqual(names);
  });

  test("has no next one at its end, even if it ends with the limit", () => {
    expect(part("limit=7").next).toBeUndefined();
    expect(part("limit=6").next).toBe("/list?limit=6&after=n%265");
  });

  test("goes on behind an entry that has gone, and is empty beyond the last", () => {
    expect(part("after=n%262", names.toSpliced(2, 1)).items).toEqual(names.slice(3));
    expect(part("after=z")).toEqual({ total: 7, items: [] });
    expect(part("", [])).toEqual({ total: 0, items: [] });
  });
});
