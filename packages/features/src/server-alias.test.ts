import { expect, test } from "vitest";
import { serverAlias } from "./server-alias.ts";
import { parse } from "./testing/feature-bench.ts";

const hostsOf = (value: string, of = "a.com") => {
  const { policy, found } = parse(serverAlias, { "server-alias": value });
  const others = policy === undefined ? [] : (serverAlias.otherHosts?.(policy, of) ?? []);
  return { hosts: others.map(({ host }) => host), found };
};

test("hosts and wildcards, in lower case, each once", () => {
  expect(hostsOf("B.com., *.c.com,, b.com")).toEqual({ hosts: ["b.com", "*.c.com"], found: [] });
});

test("a bad item is dropped and reported", () => {
  const value = String.raw`~^www\d+\.a\.com$, b.com`;
  expect(hostsOf(value)).toEqual({ hosts: ["b.com"], found: ["annotation-value server-alias"] });
});

test.each(["*", "~.*", "b.com:80", "https://b.com", ","])("%s is no alias", (value) => {
  expect(hostsOf(value)).toEqual({ hosts: [], found: ["annotation-value server-alias"] });
});

test("many bad items are reported ten times at most", () => {
  expect(hostsOf(`b.com,${"~,".repeat(1000)}`).found).toHaveLength(10);
});

test("rules without a host have no aliases", () => {
  expect(hostsOf("b.com", "*").hosts).toEqual([]);
});

test("so many that each can be a virtual host of its own, and no more", () => {
  const { policy, diagnostics } = parse(serverAlias, {
    "server-alias": Array.from({ length: 150 }, (_, n) => `a${n}.com`).join(","),
  });
  expect(serverAlias.otherHosts?.(policy, "a.com")).toHaveLength(100);
  expect(diagnostics).toMatchObject([{ value: "a100.com", expected: expect.stringContaining("100 hosts") }]);
});
