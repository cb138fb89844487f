import { describe, expect, it } from "vitest";
import { type IngressSpec, ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOST = "order.example.com";
const REGEX = { "use-regex": "true" };

/** One rule of its own Ingress, younger the later it stands. */
interface Rule {
  readonly path: string;
  readonly pathType?: string;
  readonly service: string;
  readonly annotations?: IngressSpec["annotations"];
  readonly age: number;
}

const RULES: Readonly<Record<string, Rule>> = {
  "exact-short": { path: "/e", pathType: "Exact", service: "a", age: 9 },
  "regex-long": { path: "/e[a-z]*/.*", service: "b", annotations: REGEX, age: 1 },
  "regex-exact-like": { path: "/e|/eeeeeeeeee", service: "b", annotations: REGEX, age: 1 },
  "prefix-short": { path: "/p", service: "a", age: 1 },
  "regex-middle": { path: "/p/[0-9]+", service: "b", annotations: REGEX, age: 2 },
  "prefix-long": { path: "/p/12/long", service: "c", age: 9 },
  // Nine characters each.
  "tie-prefix": { path: "/tie/tie1", service: "a", age: 9 },
  "tie-regex": { path: "/tie/t.e1", service: "b", annotations: REGEX, age: 1 },
  plain: { path: "/more", service: "a", age: 1 },
  one: { path: "/more", service: "b", annotations: { "exact-match-header-x-a": "1" }, age: 5 },
  two: {
    path: "/more",
    service: "c",
    annotations: { "exact-match-header-x-a": "1", "exact-match-query-q": "1" },
    age: 9,
  },
  "same-number-young": {
    path: "/number",
    service: "b",
    annotations: { "exact-match-header-x-b": "1" },
    age: 9,
  },
  "same-number-old": { path: "/number", service: "a", annotations: { "match-method": "GET" }, age: 1 },
  young: { path: "/twice", service: "b", age: 9 },
  old: { path: "/twice", service: "a", age: 1 },
  // Of one age the name decides.
  "name-b": { path: "/name", service: "b", age: 3 },
  "name-a": { path: "/name", service: "a", age: 3 },
  slash: { path: "/", service: "c", age: 0 },
  "regex-short": { path: "/.", service: "b", annotations: REGEX, age: 9 },
};

const shared = useGateway({
  backends: ["a", "b", "c"],
  objects: () =>
    Object.entries(RULES).map(([name, { path, pathType = "Prefix", service, annotations = {}, age }]) =>
      ingress({
        name,
        host: HOST,
        annotations,
        paths: [{ path, pathType, service }],
        createdAt: `2026-01-01T00:00:0${age}Z`,
      }),
    ),
});

describe("the order of rules in a host", () => {
  it.each<[title: string, path: string, expected: string, headers?: Record<string, string>]>([
    ["exact comes first, however short and young", "/e", "a"],
    ["longest path string: a regex before a shorter prefix", "/p/12", "b"],
    ["longest path string: a prefix before a shorter regex", "/p/12/long", "c"],
    ["a shorter prefix takes the rest", "/p/x", "a"],
    ["of one length prefix comes before regex", "/tie/tie1", "a"],
    ["a regex of the same length takes the rest", "/tie/tXe1", "b"],
    ["more conditions first", "/more?q=1", "c", { "x-a": "1" }],
    ["fewer conditions next", "/more?q=2", "b", { "x-a": "1" }],
    ["no condition last", "/more?q=1", "a"],
    ["of as many conditions the oldest", "/number", "a", { "x-b": "1" }],
    ["the same rule twice: the oldest", "/twice", "a"],
    ["the same rule twice, as old: by name", "/name", "a"],
    ["/ comes last, behind a short regex", "/z", "b"],
    ["/ takes the rest", "/", "c"],
  ])("%s", async (_, path, expected, headers = {}) => {
    expect(await shared.who({ host: HOST, path, headers })).toBe(expected);
  });

  it("a rule that can never be reached is reported on its Ingress", () => {
    for (const name of ["young", "name-b"])
      expect(shared.diagnostics(name)).toMatchObject([{ code: "rule-conflict", severity: "warning" }]);
    for (const name of ["old", "name-a", "plain", "one", "two"]) expect(shared.diagnostics(name)).toEqual([]);
  });

  it("a young rule takes over when the old one goes, and gives way when it is back", async () => {
    const old = (path: string): string =>
      JSON.stringify(
        ingress({
          name: "takes",
          host: "takes.example.com",
          paths: [{ path, service: "a" }],
          createdAt: "2026-01-01T00:00:00Z",
        }),
      );
    const young = ingress({
      name: "gives",
      host: "takes.example.com",
      paths: [{ path: "/", service: "b" }],
      createdAt: "2026-02-01T00:00:00Z",
    });
    const { gateway } = shared;
    await gateway.apply("old.yaml", old("/"));
    await gateway.apply("young.yaml", JSON.stringify(young));
    expect(await shared.who({ host: "takes.example.com" })).toBe("a");
    await gateway.remove("old.yaml");
    expect(await shared.who({ host: "takes.example.com" })).toBe("b");
    expect(shared.diagnostics("gives")).toEqual([]);
    await gateway.apply("old.yaml", old("/"));
    expect(await shared.who({ host: "takes.example.com" })).toBe("a");
    expect(shared.diagnostics("gives")).toMatchObject([{ code: "rule-conflict" }]);
  });
});
