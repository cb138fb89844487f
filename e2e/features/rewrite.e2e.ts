import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

interface Rule {
  readonly path: string;
  readonly pathType?: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Request → path that the backend sees, or the status where no rule matches. */
  readonly cases: Readonly<Record<string, string | 404>>;
}

const RULES: Readonly<Record<string, Rule>> = {
  "groups of the rule's path": {
    path: "/something(/|$)(.*)",
    pathType: "ImplementationSpecific",
    annotations: { "rewrite-target": "/$2" },
    cases: {
      "/something": "/",
      "/something/": "/",
      "/something/new": "/new",
      "/SOMETHING/new/er": "/new/er",
      "/something/new?a=1&b=/something/x": "/new?a=1&b=/something/x",
      "/something/a%2Fb": "/a%2Fb",
      "/something?a=1": "/?a=1",
      "/other": 404,
    },
  },
  "the whole path is replaced, and the query kept": {
    path: "/old",
    annotations: { "rewrite-target": "/new" },
    cases: { "/old": "/new", "/old/x/y?q=1": "/new?q=1", "/old/": "/new", "/older": 404, "/OLD": 404 },
  },
  "also where the pattern matches the start only": {
    path: "/c([0-9]+)",
    annotations: { "rewrite-target": "/n-$1" },
    cases: { "/c12": "/n-12", "/c12/rest?q": "/n-12?q", "/c12c13": "/n-12", "/x/c12": 404 },
  },
  "a group that the path lacks is empty": {
    path: "/a/(.*)",
    annotations: { "rewrite-target": "/x/$1/$2/$9" },
    cases: { "/a/b": "/x/b//" },
  },
  "a group that took no part is empty": {
    path: "/b(/x)?(/y)?",
    annotations: { "rewrite-target": "/t$1$2" },
    cases: { "/b": "/t", "/b/x": "/t/x", "/b/y": "/t/y", "/b/x/y": "/t/x/y" },
  },
  "groups may be used twice and in any order": {
    path: "/(\\w+)/(\\w+)",
    annotations: { "rewrite-target": "/$2/$1/$2" },
    cases: { "/one/two": "/two/one/two" },
  },
  "a group in the target makes the path a pattern": {
    path: "/d",
    annotations: { "rewrite-target": "/t$1" },
    cases: { "/dzz": "/t", "/D": "/t" },
  },
  "an exact path": {
    path: "/e",
    pathType: "Exact",
    annotations: { "rewrite-target": "/exact" },
    cases: { "/e?q=1": "/exact?q=1", "/e/": 404 },
  },
  "a target equal to the path is no rewrite": {
    path: "/same",
    annotations: { "rewrite-target": "/same" },
    cases: { "/same/x?q": "/same/x?q" },
  },
  "/ to / is no rewrite": {
    path: "/",
    annotations: { "rewrite-target": "/" },
    cases: { "/x/y?q": "/x/y?q" },
  },
  "/ as the target of another path": {
    path: "/f",
    annotations: { "rewrite-target": "/" },
    cases: { "/f/x?q": "/?q" },
  },
  "with full-path-regex": {
    path: "/g/([a-z]+)",
    annotations: { "full-path-regex": "true", "rewrite-target": "/$1" },
    cases: { "/g/abc": "/abc", "/g/abc/d": 404 },
  },
  "with ignore-path-case": {
    path: "/Case",
    annotations: { "ignore-path-case": "true", "rewrite-target": "/lower" },
    cases: { "/cASE/x": "/lower" },
  },
  "percent signs are literal": {
    path: "/h",
    annotations: { "rewrite-target": "/100%25/%REQ(host)%" },
    cases: { "/h": "/100%25/%REQ(host)%" },
  },
  "rewrite-path replaces the matched prefix": {
    path: "/api",
    annotations: { "rewrite-path": "/v2" },
    cases: { "/api": "/v2", "/api/": "/v2/", "/api/x/y?q=/api": "/v2/x/y?q=/api", "/apix": 404 },
  },
  "rewrite-path / joins slashes singly": {
    path: "/api",
    annotations: { "rewrite-path": "/" },
    cases: { "/api": "/", "/api/": "/", "/api/x?q": "/x?q" },
  },
  "rewrite-path with a slash at its end joins slashes singly": {
    path: "/api/",
    annotations: { "rewrite-path": "/v2/" },
    cases: { "/api/x": "/v2/x", "/api/api/x": "/v2/api/x" },
  },
  "rewrite-path of the rule for /": {
    path: "/",
    annotations: { "rewrite-path": "/v2" },
    cases: { "/x": "/v2/x", "/x/y?q": "/v2/x/y?q" },
  },
  "rewrite-path replaces the whole path of an exact rule": {
    path: "/i",
    pathType: "Exact",
    annotations: { "rewrite-path": "/v2" },
    cases: { "/i?q=1": "/v2?q=1" },
  },
  "rewrite-path replaces the whole path of a regex rule": {
    path: "/j(.*)",
    annotations: { "use-regex": "true", "rewrite-path": "/v2" },
    cases: { "/jkl/m?q=1": "/v2?q=1" },
  },
  "rewrite-path is taken literally": {
    path: "/k",
    annotations: { "rewrite-path": "/a\\1b" },
    cases: { "/k/x": "/a\\1b/x" },
  },
};

const BAD: readonly [key: string, value: string][] = [
  ["rewrite-target", "/$uri"],
  ["rewrite-target", "/$request_uri/x"],
  ["rewrite-target", "https://example.com/x"],
  ["rewrite-target", "/a b"],
  ["rewrite-path", "v2"],
  ["rewrite-path", "/$host"],
  ["upstream-vhost", "$host"],
  ["upstream-vhost", "a b"],
  ["upstream-vhost", "a.example.com:99999"],
];

const shared = useGateway({
  backends: ["echo"],
  objects: () => [
    ...Object.values(RULES).map(({ path, pathType = "Prefix", annotations }, n) =>
      ingress({
        name: `r${n}`,
        host: `r${n}.example.com`,
        annotations,
        paths: [{ path, pathType, service: "echo" }],
      }),
    ),
    ...BAD.map(([key, value], n) =>
      ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
    ),
    ingress({
      name: "both",
      host: "both.example.com",
      annotations: { "rewrite-path": "/v2", "rewrite-target": "/target" },
      paths: [{ path: "/api", service: "echo" }],
    }),
    ingress({
      name: "vhost",
      host: "vhost.example.com",
      annotations: { "upstream-vhost": "Inner.example.org:81" },
    }),
    ingress({
      name: "prefix",
      host: "prefix.example.com",
      annotations: { "rewrite-target": "/$1", "x-forwarded-prefix": "/shop 100%" },
      paths: [{ path: "/shop/(.*)", service: "echo" }],
    }),
    ingress({
      name: "prefix-alone",
      host: "prefix-alone.example.com",
      annotations: { "x-forwarded-prefix": "/shop" },
    }),
    ingress({
      name: "pcre",
      host: "pcre.example.com",
      annotations: { "rewrite-target": "/$1" },
      paths: [
        { path: "/(?!admin)(.*)", service: "echo" },
        { path: "/fine/(.*)", service: "echo" },
      ],
    }),
    ingress({
      name: "two",
      host: "two.example.com",
      annotations: { "rewrite-target": "/to" },
      paths: [
        { path: "/literal", service: "echo" },
        { path: "/pattern[0-9]", service: "echo" },
      ],
    }),
  ],
});

describe.each(Object.entries(RULES).map(([title, rule], n) => ({ title, n, ...rule })))(
  "$title",
  ({ n, cases }) => {
    it.each(Object.entries(cases))("%s → %s", async (path, expected) => {
      const response = await shared.send({ host: `r${n}.example.com`, path });
      if (typeof expected === "number") expect(response.status).toBe(expected);
      else expect(response.seen().path).toBe(expected);
    });
  },
);

describe("of what the path becomes", () => {
  it("only the rules that look like a pattern become one", async () => {
    const status = async (path: string) => (await shared.send({ host: "two.example.com", path })).status;
    expect(await status("/literal/x")).toBe(200);
    expect(await status("/literalx")).toBe(404);
    expect(await status("/pattern1x")).toBe(200);
  });

  it("a pattern that only PCRE has drops its rule alone", async () => {
    const host = "pcre.example.com";
    expect((await shared.send({ host, path: "/fine/x" })).seen().path).toBe("/x");
    expect((await shared.send({ host, path: "/x" })).status).toBe(404);
    expect(shared.diagnostics("pcre")).toMatchObject([
      { code: "rule-invalid", severity: "error", value: "/(?!admin)(.*)" },
    ]);
  });

  it("rewrite-path wins over rewrite-target, which is reported", async () => {
    expect((await shared.send({ host: "both.example.com", path: "/api/x" })).seen().path).toBe("/v2/x");
    expect(shared.diagnostics("both")).toMatchObject([
      { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/rewrite-target" },
    ]);
  });
});

describe("headers", () => {
  it("upstream-vhost is the Host that the backend sees", async () => {
    const seen = (await shared.send({ host: "vhost.example.com" })).seen();
    expect(seen.host).toBe("Inner.example.org:81");
    expect(seen.headers["x-forwarded-host"]).toBe("vhost.example.com");
  });

  it("x-forwarded-prefix is set with rewrite-target, in place of the client's", async () => {
    const headers = { "x-forwarded-prefix": "/forged" };
    const seen = (await shared.send({ host: "prefix.example.com", path: "/shop/x", headers })).seen();
    expect(seen).toMatchObject({ path: "/x", headers: { "x-forwarded-prefix": "/shop 100%" } });
  });

  it("x-forwarded-prefix alone has no effect, which is reported", async () => {
    const seen = (await shared.send({ host: "prefix-alone.example.com" })).seen();
    expect(seen.headers).not.toHaveProperty("x-forwarded-prefix");
    expect(shared.diagnostics("prefix-alone")).toMatchObject([
      { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/x-forwarded-prefix" },
    ]);
  });
});

describe("bad values are ignored and reported", () => {
  it.each(BAD.map((bad, n) => [...bad, n] as const))("%s: %s", async (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
    const host = `bad${n}.example.com`;
    expect((await shared.send({ host, path: "/x?q" })).seen()).toMatchObject({ path: "/x?q", host });
  });
});
