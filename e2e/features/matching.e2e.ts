import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

type Annotations = Readonly<Record<string, string>>;

type Case = readonly [request: string, expected: "yes" | 404, headers?: Readonly<Record<string, string>>];

/** An Ingress of its own host with one rule, which goes to `yes`. */
interface Rule {
  readonly path?: string;
  readonly pathType?: string;
  readonly annotations: Annotations;
  readonly cases: readonly Case[];
}

const RULES: Readonly<Record<string, Rule>> = {
  "use-regex is anchored at the start only, without case": {
    path: "/a[0-9]+",
    annotations: { "use-regex": "true" },
    cases: [
      ["/a12", "yes"],
      ["/a12/more", "yes"],
      ["/a12x?q=1", "yes"],
      ["/A1", "yes"],
      ["/x/a12", 404],
      ["/a", 404],
      ["/?x=/a12", 404],
    ],
  },
  "use-regex ignores the path type": {
    path: "/b",
    pathType: "Exact",
    annotations: { "use-regex": "true" },
    cases: [
      ["/b", "yes"],
      ["/bcd", "yes"],
      ["/c", 404],
    ],
  },
  "use-regex anchors each alternative": {
    path: "/one|/two",
    annotations: { "use-regex": "true" },
    cases: [
      ["/one1", "yes"],
      ["/two2", "yes"],
      ["/x/two", 404],
    ],
  },
  "use-regex with anchors of one's own": {
    path: "^/whole$",
    pathType: "ImplementationSpecific",
    annotations: { "use-regex": "true" },
    cases: [
      ["/whole", "yes"],
      ["/whole?q=1", "yes"],
      ["/whole/x", 404],
    ],
  },
  "full-path-regex takes the whole path, and needs no use-regex": {
    path: "/f[0-9]+|/g",
    annotations: { "full-path-regex": "true" },
    cases: [
      ["/f12", "yes"],
      ["/F12", "yes"],
      ["/f12?x=/y", "yes"],
      ["/g", "yes"],
      ["/f12/", 404],
      ["/f12x", 404],
      ["/gg", 404],
      ["/x/g", 404],
    ],
  },
  "without use-regex a path is literal": {
    path: "/v1.0",
    annotations: {},
    cases: [
      ["/v1.0/x", "yes"],
      ["/v1x0", 404],
      ["/V1.0", 404],
    ],
  },
  "ignore-path-case on a prefix": {
    path: "/Camel/Case",
    annotations: { "ignore-path-case": "true" },
    cases: [
      ["/camel/CASE", "yes"],
      ["/CAMEL/case/x", "yes"],
      ["/camel/caseX", 404],
    ],
  },
  "ignore-path-case on an exact path": {
    path: "/Exact",
    pathType: "Exact",
    annotations: { "ignore-path-case": "true" },
    cases: [
      ["/eXACT", "yes"],
      ["/exact/x", 404],
    ],
  },
  "match-method takes several": {
    annotations: { "match-method": "GET  PUT" },
    cases: [
      ["/", "yes"],
      ["PUT /", "yes"],
      ["POST /", 404],
      ["DELETE /", 404],
    ],
  },
  "match-method drops what is no method": {
    annotations: { "match-method": "POST FETCH" },
    cases: [
      ["POST /", "yes"],
      ["/", 404],
    ],
  },
  "exact-match-header": {
    annotations: { "exact-match-header-x-env": "test.1" },
    cases: [
      ["/", "yes", { "X-Env": "test.1" }],
      ["/", 404, { "x-env": "test.12" }],
      ["/", 404, { "x-env": "test_1" }],
      ["/", 404, { "x-env": "TEST.1" }],
      ["/", 404],
    ],
  },
  "prefix-match-header": {
    annotations: { "prefix-match-header-x-env": "test." },
    cases: [
      ["/", "yes", { "x-env": "test.anything" }],
      ["/", 404, { "x-env": "a test." }],
    ],
  },
  "regex-match-header takes the whole value": {
    annotations: { "regex-match-header-x-env": "a+|b" },
    cases: [
      ["/", "yes", { "x-env": "aaa" }],
      ["/", "yes", { "x-env": "b" }],
      ["/", 404, { "x-env": "aab" }],
      ["/", 404, { "x-env": "xb" }],
    ],
  },
  "of one name exact beats prefix, and prefix regex": {
    annotations: {
      "exact-match-header-x-a": "exact",
      "prefix-match-header-X-A": "pre",
      "prefix-match-header-x-b": "pre",
      "regex-match-header-x-b": "regex",
    },
    cases: [
      ["/", "yes", { "x-a": "exact", "x-b": "prefix" }],
      ["/", 404, { "x-a": "prefix", "x-b": "prefix" }],
      ["/", 404, { "x-a": "exact", "x-b": "regex" }],
    ],
  },
  "exact-match-query": {
    annotations: { "exact-match-query-env": "test" },
    cases: [
      ["/?a=1&env=test", "yes"],
      ["/?env=test2", 404],
      ["/?ENV=test", 404],
      ["/?xenv=test", 404],
      ["/env=test", 404],
    ],
  },
  "prefix- and regex-match-query": {
    annotations: { "prefix-match-query-env": "te", "regex-match-query-id": "[0-9]+" },
    cases: [
      ["/?env=test&id=12", "yes"],
      ["/?env=test&id=12x", 404],
      ["/?env=est&id=12", 404],
      ["/?env=test", 404],
    ],
  },
  "match-pseudo-header on method and path": {
    annotations: {
      "exact-match-pseudo-header-method": "PUT",
      "prefix-match-pseudo-header-path": "/start",
    },
    cases: [
      ["PUT /start/x", "yes"],
      ["/start/x", 404],
      ["PUT /other", 404],
    ],
  },
  "match-pseudo-header on authority": {
    annotations: { "regex-match-pseudo-header-authority": "r[0-9]+\\.example\\.com" },
    cases: [["/", "yes"]],
  },
  "match-pseudo-header by a pattern": {
    annotations: { "regex-match-pseudo-header-path": "/[0-9]+" },
    cases: [
      ["/12", "yes"],
      ["/12x", 404],
      ["/x", 404],
    ],
  },
  "match-pseudo-header on another authority": {
    annotations: { "exact-match-pseudo-header-authority": "other.example.com" },
    cases: [["/", 404]],
  },
  "all conditions must hold": {
    annotations: {
      "match-method": "PUT",
      "exact-match-header-x-env": "test",
      "exact-match-query-env": "test",
    },
    cases: [
      ["PUT /?env=test", "yes", { "x-env": "test" }],
      ["/?env=test", 404, { "x-env": "test" }],
      ["PUT /?env=test", 404],
      ["PUT /", 404, { "x-env": "test" }],
    ],
  },
};

const BAD: readonly [key: string, value: string][] = [
  ["use-regex", "yes"],
  ["full-path-regex", "on"],
  ["ignore-path-case", "2"],
  ["match-method", "FETCH"],
  ["regex-match-header-x-env", "a(?=b)"],
  ["regex-match-query-env", "(a"],
  ["exact-match-pseudo-header-scheme", "https"],
  ["exact-match-header-x y", "1"],
];

const shared = useGateway({
  backends: ["yes", "no"],
  objects: () => [
    ...Object.values(RULES).map(({ path = "/", pathType = "Prefix", annotations }, n) =>
      ingress({
        name: `r${n}`,
        host: `r${n}.example.com`,
        annotations,
        paths: [{ path, pathType, service: "yes" }],
      }),
    ),
    ...BAD.map(([key, value], n) =>
      ingress({
        name: `bad${n}`,
        host: `bad${n}.example.com`,
        annotations: { [key]: value },
        paths: [{ path: "/a.b", service: "yes" }],
      }),
    ),
    ingress({
      name: "pcre",
      host: "pcre.example.com",
      annotations: { "use-regex": "true" },
      paths: [
        { path: "/look(?=ahead)", service: "yes" },
        { path: "/(a)\\1", service: "yes" },
        { path: "/sibling[0-9]", service: "yes" },
      ],
    }),
    ingress({
      name: "pcre-neighbour",
      host: "pcre.example.com",
      paths: [{ path: "/look", service: "no" }],
    }),
  ],
});

function split(request: string): { method: string; path: string } {
  const [method = "", path] = request.split(" ");
  return path === undefined ? { method: "GET", path: method } : { method, path };
}

describe.each(Object.entries(RULES).map(([title, rule], n) => ({ title, n, ...rule })))(
  "$title",
  ({ n, cases }) => {
    it.each(cases.map(([request, expected, headers = {}]) => ({ request, expected, headers })))(
      "$request → $expected $headers",
      async ({ request, expected, headers }) => {
        expect(await shared.who({ host: `r${n}.example.com`, headers, ...split(request) })).toBe(expected);
      },
    );
  },
);

describe("bad values", () => {
  it.each(BAD.map((bad, n) => [...bad, n] as const))("%s: %s", async (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
    const host = `bad${n}.example.com`;
    expect(await shared.who({ host, path: "/a.b" })).toBe("yes");
    expect(await shared.who({ host, path: "/A.b" })).toBe(404);
    expect(await shared.who({ host, path: "/axb" })).toBe(404);
  });

  it("a path with PCRE-only syntax drops its rule alone", async () => {
    const host = "pcre.example.com";
    expect(await shared.who({ host, path: "/sibling1" })).toBe("yes");
    expect(await shared.who({ host, path: "/look" })).toBe("no");
    expect(await shared.who({ host, path: "/lookahead" })).toBe(404);
    expect(await shared.who({ host, path: "/aa" })).toBe(404);
    expect(shared.diagnostics("pcre").map(({ code, severity, value }) => [code, severity, value])).toEqual([
      ["rule-invalid", "error", "/(a)\\1"],
      ["rule-invalid", "error", "/look(?=ahead)"],
    ]);
    expect(shared.diagnostics("pcre-neighbour")).toEqual([]);
  });

  it("words that are no methods are named", () => {
    const n = Object.keys(RULES).indexOf("match-method drops what is no method");
    expect(shared.diagnostics(`r${n}`)).toMatchObject([
      {
        code: "annotation-value",
        key: "mse.ingress.kubernetes.io/match-method",
        message: expect.stringContaining("FETCH"),
      },
    ]);
  });
});
