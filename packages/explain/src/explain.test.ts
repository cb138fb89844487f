import type { RedirectAction, Route } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { explain } from "./explain.ts";
import type { Explanation } from "./explanation.ts";
import {
  backend,
  cluster,
  deeper,
  exact,
  get,
  guard,
  header,
  loadAssignment,
  prefix,
  regex,
  route,
  view,
  virtualHost,
} from "./testing.ts";

/** `90 shop/web/0/0`, `404` for an answer without a route. */
const taken = ({ outcomes }: Explanation): string[] =>
  outcomes.map(({ percent, route: name, action }) => {
    const what = name ?? (action.kind === "respond" ? `${action.status}` : "?");
    return percent === 100 ? what : `${percent} ${what}`;
  });
const reasons = ({ competitors }: Explanation): Record<string, string> =>
  Object.fromEntries(competitors.map((each) => [each.route, each.reason]));

describe("hosts", () => {
  const named = (host: string, name: string) => virtualHost(host, [route(name, prefix("/"))]);
  const wild = virtualHost("*.a.com", [guard("*.a.com"), route("shop/wild/0/0", prefix("/"))]);
  const gateway = view([
    named("x.a.com", "shop/exact/0/0"),
    wild,
    named("*.y.a.com", "shop/longer/0/0"),
    named("*", "shop/any/0/0"),
  ]);

  test.each([
    ["x.a.com", "shop/exact/0/0", "exact"],
    ["X.a.com.:81", "shop/exact/0/0", "exact"],
    ["z.a.com", "shop/wild/0/0", "longest wildcard"],
    ["z.y.a.com", "shop/longer/0/0", "longest wildcard"],
    ["y.a.com", "shop/wild/0/0", "longest wildcard"],
    ["y.z.a.com", "*.a.com/deeper", "sent on to the rules without a host"],
    ["..a.com", "shop/wild/0/0", "longest wildcard"],
    ["a.com", "shop/any/0/0", "rules without a host"],
    [".a.com", "shop/any/0/0", "rules without a host"],
    ["*.a.com", "shop/wild/0/0", "longest wildcard"],
    ["[::1]", "shop/any/0/0", "rules without a host"],
  ])("%s goes to %s", (host, name, reason) => {
    const explanation = explain(get(`http://${host}/`), gateway);
    expect(taken(explanation)).toEqual([name]);
    expect(explanation.host?.reason).toContain(reason);
  });

  test("hosts that were passed over are named, with the route that would have taken the request", () => {
    expect(reasons(explain(get("http://x.a.com/"), gateway))).toEqual({
      "shop/wild/0/0":
        "the host *.a.com is less specific than x.a.com, and once a host is chosen no other is tried",
      "shop/any/0/0":
        "a rule without a host is less specific than x.a.com, and once a host is chosen no other is tried",
    });
  });

  test("a host without a route for the path is 404, though another has one", () => {
    const only = view([
      virtualHost("x.a.com", [route("shop/web/0/0", exact("/b"))]),
      named("*", "shop/any/0/0"),
    ]);
    const explanation = explain(get("http://x.a.com/c"), only);
    expect(taken(explanation)).toEqual(["404"]);
    expect(Object.keys(reasons(explanation))).toEqual(["shop/any/0/0", "shop/web/0/0"]);
  });

  test("no host at all is 404", () => {
    const explanation = explain(get("http://b.com/"), view([]));
    expect(taken(explanation)).toEqual(["404"]);
    expect(explanation.host).toBeUndefined();
  });
});

describe("a wildcard host and hosts with more labels", () => {
  const any = route("shop/any/0/0", prefix("/any"));
  const copy: Route = { ...any, match: { ...any.match, conditions: [deeper("*.a.com")] } };
  const gateway = view([
    virtualHost("*.a.com", [copy, guard("*.a.com"), route("shop/wild/0/0", prefix("/"))]),
    virtualHost("*", [any]),
  ]);

  test("one label takes the wildcard's own rules", () => {
    const explanation = explain(get("http://x.a.com/any"), gateway);
    expect(taken(explanation)).toEqual(["shop/wild/0/0"]);
    expect(explanation.competitors).toMatchObject([
      { kind: "depth", count: 2, reason: "it is for hosts with more labels than *.a.com" },
    ]);
  });

  test("more labels take the rules without a host, else 404", () => {
    const served = explain(get("http://y.x.a.com/any"), gateway);
    expect(taken(served)).toEqual(["shop/any/0/0"]);
    expect(reasons(served)["shop/wild/0/0"]).toBe("*.a.com stands for one label, y.x.a.com has more");
    expect(taken(explain(get("http://y.x.a.com:81/b"), gateway))).toEqual(["*.a.com/deeper"]);
  });
});

describe("order and conditions", () => {
  const gateway = view([
    virtualHost("a.com", [
      route("shop/exact/0/0", exact("/foo")),
      route("shop/cond/0/0", prefix("/foo/bar"), { conditions: [header("x-beta", "yes")] }),
      route("shop/long/0/0", prefix("/foo/bar")),
      route("shop/pattern/0/0", regex("/fo+")),
      route("shop/short/0/0", prefix("/foo")),
      route("shop/web/default", prefix("/")),
    ]),
  ]);

  test("the first that matches wins, and every other says why not", () => {
    const explanation = explain(get("http://a.com/foo/bar/baz"), gateway);
    expect(taken(explanation)).toEqual(["shop/long/0/0"]);
    expect(reasons(explanation)).toEqual({
      "shop/exact/0/0": "path /foo is not /foo/bar/baz",
      "shop/cond/0/0": 'header x-beta is absent, must be "yes"',
      "shop/pattern/0/0": "shop/long/0/0 comes first: the longer path goes first, at equal length the prefix",
      "shop/short/0/0": "shop/long/0/0 comes first: /foo/bar is longer than /foo",
      "shop/web/default": "a default backend takes only what no rule of the host matches",
    });
  });

  test.each([
    ["/foo", "shop/short/0/0", "exact paths go before all others"],
    ["/foo/bar", "shop/long/0/0", "it has more conditions on the same path"],
  ])("on %s, %s comes later: %s", (path, loser, reason) => {
    expect(reasons(explain(get(`http://a.com${path}`, [["x-beta", "yes"]]), gateway))[loser]).toContain(
      reason,
    );
  });

  test("those that came close are named first", () => {
    const [first, ...rest] = explain(get("http://a.com/foo/bar"), gateway).competitors;
    expect(first?.kind).toBe("condition");
    expect(rest.at(-1)?.kind).toBe("path");
  });

  test("the older Ingress, and a route of the whole host", () => {
    const twice = view([
      virtualHost("a.com", [
        route("app-root/a.com", exact("/"), { action: { kind: "redirect", status: 302, path: "/app" } }),
        route("shop/old/0/0", prefix("/")),
        route("shop/new/0/0", prefix("/")),
      ]),
    ]);
    expect(reasons(explain(get("http://a.com/b"), twice))["shop/new/0/0"]).toContain("its Ingress is older");
    expect(reasons(explain(get("http://a.com/"), twice))["shop/new/0/0"]).toContain(
      "it is for the whole host",
    );
  });

  test("many losers are grouped by reason", () => {
    const routes = Array.from({ length: 30 }, (_, index) =>
      route(`shop/web/0/${index}`, prefix(`/p${index}`)),
    );
    const { competitors } = explain(get("http://a.com/p7"), view([virtualHost("a.com", routes)]));
    expect(competitors).toMatchObject([{ count: 29, kind: "path", reason: "its path does not match /p7" }]);
  });

  test("and the reasons as well, when they are many", () => {
    const routes = Array.from({ length: 50 }, (_, index) =>
      route(`shop/web/0/${index}`, prefix("/"), { conditions: [header(`x-${index % 25}`, "1")] }),
    );
    const { competitors } = explain(get("http://a.com/"), view([virtualHost("a.com", routes)]));
    expect(competitors).toHaveLength(21);
    expect(competitors.reduce((sum, { count }) => sum + count, 0)).toBe(50);
  });
});

describe("shares", () => {
  const main = route("shop/web/0/0", prefix("/"));
  const share = (name: string, below: number) =>
    route(`shop/web/0/0/canary/${name}/weight`, prefix("/"), { below });

  test("one canary", () => {
    const explanation = explain(
      get("http://a.com/"),
      view([virtualHost("a.com", [share("c", 100_000), main])]),
    );
    expect(taken(explanation)).toEqual(["10 shop/web/0/0/canary/c/weight", "90 shop/web/0/0"]);
  });

  test("shares add up along the list", () => {
    const routes = [share("c", 100_000), share("d", 350_000), main];
    expect(taken(explain(get("http://a.com/"), view([virtualHost("a.com", routes)])))).toEqual([
      "10 shop/web/0/0/canary/c/weight",
      "25 shop/web/0/0/canary/d/weight",
      "65 shop/web/0/0",
    ]);
  });

  test("a refused request falls to the main rule in the same interval", () => {
    const refused = route("shop/web/0/0/not/c/0", prefix("/"), {
      below: 100_000,
      conditions: [header("x-c", "never")],
    });
    const gateway = view([virtualHost("a.com", [refused, share("c", 100_000), main])]);
    const explanation = explain(get("http://a.com/", [["x-c", "never"]]), gateway);
    expect(taken(explanation)).toEqual(["10 shop/web/0/0/not/c/0", "90 shop/web/0/0"]);
    expect(reasons(explanation)["shop/web/0/0/canary/c/weight"]).toBe(
      "its share ends at 10 %, which shop/web/0/0/not/c/0 takes first",
    );
  });

  test("a claim takes all, and the main rule what canaries leave", () => {
    const claim = route("shop/web/0/0/canary/c", prefix("/"), { conditions: [header("x-c", "always")] });
    const explanation = explain(
      get("http://a.com/", [["x-c", "always"]]),
      view([virtualHost("a.com", [claim, main])]),
    );
    expect(taken(explanation)).toEqual(["shop/web/0/0/canary/c"]);
    expect(reasons(explanation)["shop/web/0/0"]).toBe(
      "it takes what canaries leave, and canary c takes the request",
    );
  });

  test("a share of nothing, and a rest that nothing takes", () => {
    const gateway = view([virtualHost("a.com", [share("c", 0), share("d", 12_345)])]);
    const explanation = explain(get("http://a.com/"), gateway);
    expect(taken(explanation)).toEqual(["1.2345 shop/web/0/0/canary/d/weight", "98.7655 404"]);
    expect(reasons(explanation)["shop/web/0/0/canary/c/weight"]).toBe("its share is 0 %");
  });
});

describe("actions", () => {
  const one = (more: Partial<Route>, host = "a.com") =>
    view([virtualHost(host, [route("shop/web/0/0", prefix("/"), more)])]);
  const actionOf = (url: string, gateway: ReturnType<typeof view>) =>
    explain(get(url), gateway).outcomes[0]?.action;

  test("forwarding names clusters, shares, endpoints and their health", () => {
    const backends = [
      { backend: backend("web"), weight: 3 },
      { backend: backend("next"), weight: 1 },
    ];
    const gateway = {
      ...one({ action: { kind: "forward", backends } }),
      loadAssignment: (name: string) => loadAssignment(name, "10.0.0.1", "fd00::1 draining"),
    };
    expect(actionOf("http://a.com/", gateway)).toMatchObject({
      kind: "forward",
      backends: [
        {
          cluster: "shop/web/80",
          percent: 75,
          target: "Service shop/web, port 80",
          protocol: "http1",
          endpoints: [
            { address: "10.0.0.1:8080", health: "healthy" },
            { address: "[fd00::1]:8080", health: "draining" },
          ],
        },
        { cluster: "shop/next/80", percent: 25 },
      ],
    });
  });

  test.each([
    ["there is no such cluster", { cluster: () => undefined }],
    ["it has no ready endpoint", { loadAssignment: () => undefined }],
    ["all its endpoints are draining", { loadAssignment: () => loadAssignment("x", "10.0.0.1 draining") }],
  ])("a backend that cannot serve: %s", (fault, more) => {
    expect(actionOf("http://a.com/", { ...one({}), ...more })).toMatchObject({ backends: [{ fault }] });
  });

  test("an answer of the gateway's own", () => {
    const action = { kind: "respond", status: 503, reason: "no backend" } as const;
    expect(actionOf("http://a.com/", one({ action }))).toEqual(action);
  });

  // Rows without an exact host were asked of Envoy 1.40, as xds writes them.
  test.each<[string, string, Omit<RedirectAction, "kind" | "status">, string]>([
    ["a.com", "http://A.com:8080/x//y?z", { scheme: "https" }, "https://a.com/x/y?z"],
    ["a.com", "http://a.com/", { host: "b.com", path: "/c?d=1" }, "http://b.com/c?d=1"],
    ["a.com", "http://a.com/x?y", { host: "b.com", port: 8443 }, "http://b.com:8443/x?y"],
    ["a.com", "http://a.com:81/x?y", { stripQuery: true, keepPort: true }, "http://a.com:81/x"],
    ["*.r.com", "http://A.r.com:8080/x?y", { scheme: "https" }, "https://A.r.com/x?y"],
    ["*.r.com", "http://a.r.com/x", { path: "/other" }, "http://a.r.com/other"],
    ["*.r.com", "http://a.r.com:81/x", { path: "/other" }, "http://a.r.com/other"],
    ["*.r.com", "http://a.r.com.:81/x?", { scheme: "https", keepPort: true }, "https://a.r.com:81/x?"],
    ["*.r.com", "http://a.r.com:80/", { scheme: "https", keepPort: true }, "https://a.r.com/"],
    ["*.r.com", "http://a.r.com:443/", { scheme: "https", keepPort: true }, "https://a.r.com:443/"],
    ["*.r.com", "http://a.r.com:80/", { path: "/b", keepPort: true }, "http://a.r.com:80/b"],
    ["*.r.com", "http://a.r.com:80/", { scheme: "https", port: 8443 }, "https://a.r.com:8443/"],
    ["*", "http://[::1]/", { scheme: "https" }, "https://[::1]/"],
    ["*", "http://[::1]:80/", { scheme: "https" }, "https://[::1]/"],
  ])("on %s, %s with %o goes to %s", (host, url, action, location) => {
    const gateway = one({ action: { kind: "redirect", status: 301, ...action } }, host);
    expect(actionOf(url, gateway)).toEqual({ kind: "redirect", status: 301, location });
  });

  test("plain HTTP gets what TLS demands", () => {
    const gateway = one({ httpAction: { kind: "redirect", status: 308, scheme: "https" } });
    expect(actionOf("http://a.com/x", gateway)).toEqual({
      kind: "redirect",
      status: 308,
      location: "https://a.com/x",
      overHttps: "forward to shop/web/80",
    });
    expect(actionOf("https://a.com/x", gateway)?.kind).toBe("forward");
    const behind = { ...get("http://a.com/x", [["x-forwarded-proto", "https"]]) };
    expect(explain(behind, gateway).outcomes[0]?.action.kind).toBe("redirect");
    const trust = { trustedHops: 1, keepRequestId: false };
    expect(explain(behind, { ...gateway, trust }).outcomes[0]?.action.kind).toBe("forward");
  });

  test("policies come with the annotations behind them, and never with bytes", () => {
    const key = new TextEncoder().encode("secret");
    const gateway = {
      ...one({ policies: { timeouts: { connect: 5 }, cors: { origins: new Set(["*"]), key } } }),
      cluster: (name: string) => cluster(name, { policies: { "load-balance": { kind: "random" } } }),
      annotations: (object: { name: string }, feature: string) =>
        feature === "cors"
          ? [
              {
                object: { kind: "Ingress" as const, namespace: "shop", name: object.name },
                key: "enable-cors",
                value: "true",
              },
            ]
          : [],
    };
    const explanation = explain(get("http://a.com/"), gateway);
    expect(explanation.outcomes[0]?.policies).toMatchObject([
      { feature: "cors", value: { origins: ["*"], key: "(6 bytes)" }, annotations: [{ key: "enable-cors" }] },
      { feature: "timeouts", value: { connect: 5 }, annotations: [] },
    ]);
    expect(explanation.outcomes[0]?.action).toMatchObject({
      backends: [{ policies: [{ feature: "load-balance" }] }],
    });
    expect(JSON.stringify(explanation)).not.toContain("115,101");
  });

  test("a feature may say what of its policy is shown", () => {
    const gateway = { ...one({ policies: { auth: { password: "p" } } }), showPolicy: () => "users: 1" };
    expect(explain(get("http://a.com/"), gateway).outcomes[0]?.policies[0]?.value).toBe("users: 1");
  });
});

describe("the name asked for in the TLS handshake", () => {
  const gateway = view([
    virtualHost("a.com", [route("shop/a/0/0", prefix("/"))], "shop/one"),
    virtualHost("b.com", [route("shop/b/0/0", prefix("/"))], "shop/two"),
    virtualHost("c.com", [route("shop/c/0/0", prefix("/"))], "shop/one"),
    virtualHost("d.com", [route("shop/d/0/0", prefix("/"))]),
    virtualHost("*.w.com", [route("shop/w/0/0", prefix("/"))], "shop/wild"),
    {
      ...virtualHost("own.w.com", [route("shop/own/0/0", prefix("/"))], "shop/one"),
      wildcardChain: "shop/wild",
    },
    {
      ...virtualHost("plain.w.com", [route("shop/plain/0/0", prefix("/"))]),
      wildcardChain: "shop/wild",
    },
    virtualHost("*", [route("shop/any/0/0", prefix("/"))]),
  ]);
  test.each([
    ["https://own.w.com/", "x.w.com", "421"],
    ["https://plain.w.com/", "x.w.com", "shop/plain/0/0"],
    ["https://plain.w.com/", "plain.w.com", "shop/plain/0/0"],
    ["https://x.w.com/", "own.w.com", "421"],
    ["https://a.com/", "a.com", "shop/a/0/0"],
    ["https://c.com/", "a.com", "shop/c/0/0"],
    ["https://b.com/", "a.com", "421"],
    ["https://d.com/", "a.com", "421"],
    ["https://other.com/", "A.com.", "421"],
    ["https://a.com/", "d.com", "shop/a/0/0"],
    ["https://a.com/", "other.com", "shop/a/0/0"],
    ["http://b.com/", "a.com", "shop/b/0/0"],
  ])("%s over a connection for %s: %s", (url, sni, expected) => {
    expect(taken(explain({ ...get(url), sni }, gateway))).toEqual([expected]);
  });
});

test("headers that the gateway writes itself are noted where a condition looks at them", () => {
  const conditions = [header("x-forwarded-for", "10.0.0.1")];
  const gateway = view([virtualHost("a.com", [route("shop/web/0/0", prefix("/"), { conditions })])]);
  expect(explain(get("http://a.com/"), gateway).notes[0]).toContain("x-forwarded-for");
  expect(explain(get("http://a.com/"), view([])).notes).toEqual([]);
});

test("what else may answer is told once, and whether the request would be forwarded is known", () => {
  const asked: boolean[] = [];
  const gateway = {
    ...view([virtualHost("a.com", [route("shop/web/0/0", prefix("/"))])]),
    mayAnswer: (_: object, { isForwarded }: { isForwarded: boolean }) => {
      asked.push(isForwarded);
      return ["It may be refused.", "It may be refused."];
    },
  };
  expect(explain(get("http://a.com/"), gateway).notes).toEqual(["It may be refused."]);
  expect(asked).toEqual([true]);
});

test("asks for the hosts of the request and its own clusters only", () => {
  const asked: string[] = [];
  const gateway = view([virtualHost("*.a.com", [route("shop/web/0/0", prefix("/"))])]);
  explain(get("http://y.x.a.com/"), {
    virtualHost: (host) => {
      asked.push(host);
      return gateway.virtualHost(host);
    },
    cluster: (name) => {
      asked.push(name);
      return gateway.cluster(name);
    },
    loadAssignment: (name) => gateway.loadAssignment(name),
  });
  expect(asked).toEqual(["y.x.a.com", "*.x.a.com", "*.a.com", "*.com", "*", "shop/web/80"]);
});
