import { expect, test } from "vitest";
import { ingress } from "./testing/index.ts";
import { tlsHosts } from "./tls-hosts.ts";

const hostsOf = (rules: readonly string[], ...tls: { hosts: string[]; secretName?: string }[]) =>
  Object.fromEntries(tlsHosts(ingress("i", { rules: rules.map((host) => [host, [{}]]), tls })));

test.each([
  ["no tls", ["a.test"], [], {}],
  ["a host", ["a.test"], [{ hosts: ["A.test."], secretName: "s" }], { "a.test": "s" }],
  ["a host that no rule has", [], [{ hosts: ["b.test"], secretName: "s" }], { "b.test": "s" }],
  ["without a Secret", ["a.test"], [{ hosts: ["a.test"] }], { "a.test": undefined }],
  [
    "without hosts: those of the rules",
    ["a.test", "b.test", ""],
    [{ hosts: [], secretName: "s" }],
    { "a.test": "s", "b.test": "s" },
  ],
  [
    "a wildcard: itself, and the rules' hosts of one label more",
    ["x.a.test", "x.y.a.test", "a.test"],
    [{ hosts: ["*.a.test"], secretName: "s" }],
    { "*.a.test": "s", "x.a.test": "s" },
  ],
  [
    "a name before a wildcard, wherever it stands",
    ["x.a.test"],
    [
      { hosts: ["*.a.test"], secretName: "wild" },
      { hosts: ["x.a.test"], secretName: "own" },
    ],
    { "*.a.test": "wild", "x.a.test": "own" },
  ],
  [
    "the first of two",
    [],
    [
      { hosts: ["a.test"], secretName: "first" },
      { hosts: ["a.test"], secretName: "second" },
    ],
    { "a.test": "first" },
  ],
  ["hosts that cannot be", ["a.test"], [{ hosts: ["a b", "*", ""], secretName: "s" }], {}],
])("%s", (_title, rules, tls, expected) => expect(hostsOf(rules, ...tls)).toEqual(expected));
