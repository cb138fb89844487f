import type { Certificate, Route, VirtualHost } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { diff, type GatewayModel, isEmpty } from "./diff.ts";
import { renderDiff } from "./render-diff.ts";
import {
  backend,
  cluster,
  exact,
  header,
  loadAssignment,
  prefix,
  regex,
  route,
  virtualHost,
} from "./testing.ts";

const byName = <T>(items: readonly T[], nameOf: (item: T) => string) =>
  new Map(items.map((item) => [nameOf(item), item]));

function model(
  hosts: readonly VirtualHost[] = [],
  more: {
    clusters?: readonly ReturnType<typeof cluster>[];
    endpoints?: readonly ReturnType<typeof loadAssignment>[];
    certificates?: readonly Certificate[];
  } = {},
): GatewayModel {
  return {
    virtualHosts: byName(hosts, ({ host }) => host),
    clusters: byName(more.clusters ?? [], ({ name }) => name),
    loadAssignments: byName(more.endpoints ?? [], (assignment) => assignment.cluster),
    certificates: byName(more.certificates ?? [], ({ name }) => name),
  };
}

/** What a diff says, line by line. */
const said = (before: GatewayModel, after: GatewayModel): string[] =>
  renderDiff(diff(before, after)).trimEnd().split("\n");
const onHost = (before: readonly Route[], after: readonly Route[]): string[] =>
  said(model([virtualHost("shop.com", before)]), model([virtualHost("shop.com", after)]));
const NOTHING = ["No change in what the gateway does."];

test("equal models, of other values, have an empty diff", () => {
  const build = () =>
    model(
      [
        virtualHost(
          "a.com",
          [route("shop/web/0/0", prefix("/"), { policies: { cors: { age: 1 } } })],
          "shop/tls",
        ),
      ],
      {
        clusters: [cluster("shop/web/80")],
        endpoints: [loadAssignment("shop/web/80", "10.0.0.1")],
        certificates: [{ name: "shop/tls", chain: Buffer.from("c"), key: Buffer.from("k"), origins: [] }],
      },
    );
  expect(isEmpty(diff(build(), build()))).toBe(true);
  expect(said(build(), build())).toEqual(NOTHING);
});

describe("hosts", () => {
  const host = virtualHost("a.com", [route("shop/web/0/0", prefix("/"))], "shop/tls");
  test("added and removed, with their routes", () => {
    expect(said(model(), model([host]))).toEqual([
      "+ host a.com, certificate shop/tls",
      "    prefix / → forward to shop/web/80  (shop/web/0/0)",
    ]);
    expect(said(model([host]), model())).toEqual([
      "- host a.com",
      "    prefix / → forward to shop/web/80  (shop/web/0/0)",
    ]);
  });

  test("another certificate", () => {
    const { certificate: _, ...plain } = host;
    expect(said(model([host]), model([plain]))).toEqual(["~ certificate of a.com: shop/tls → default"]);
  });
});

describe("routes", () => {
  const main = route("shop/web/0/0", prefix("/"));

  test("added and removed", () => {
    const login = route("shop/web/0/1", exact("/login"), { conditions: [header("x", "1")] });
    expect(onHost([main], [login, main])).toEqual([
      '+ route on shop.com: exact /login, header x must be "1" → forward to shop/web/80  (shop/web/0/1)',
    ]);
    expect(onHost([login, main], [main])[0]).toMatch(/^- route on shop.com: exact \/login/);
  });

  test("a rule put before another changes its name, not its match", () => {
    const first = route("shop/web/0/0", prefix("/first"));
    expect(onHost([main], [first, { ...main, name: "shop/web/1/0" }])).toEqual([
      "+ route on shop.com: prefix /first → forward to shop/web/80  (shop/web/0/0)",
      "~ name on shop.com prefix /: shop/web/0/0 → shop/web/1/0  (shop/web/1/0)",
    ]);
  });

  test("match, action and what plain HTTP gets", () => {
    const changed: Route = {
      ...main,
      match: { path: regex("/x", { ignoreCase: true }), conditions: [] },
      action: { kind: "respond", status: 503, reason: "no backend" },
      httpAction: { kind: "redirect", status: 308, scheme: "https" },
    };
    expect(onHost([main], [changed])).toEqual([
      "~ match on shop.com prefix /: prefix / → pattern /x (without case)  (shop/web/0/0)",
      "~ action on shop.com prefix /: forward to shop/web/80 → answer 503: no backend  (shop/web/0/0)",
      "~ plain HTTP on shop.com prefix /: the same as HTTPS → redirect 308 to https  (shop/web/0/0)",
    ]);
  });

  test("an answer that differs in its body alone", () => {
    const answer = (body: string): Route => ({
      ...main,
      action: { kind: "respond", status: 503, reason: "off", body },
    });
    expect(onHost([answer("a")], [answer("b")])[0]).toContain('"body":"b"');
  });

  test("weights of one route's backends", () => {
    const split = (a: number, b: number): Route => ({
      ...main,
      action: {
        kind: "forward",
        backends: [
          { backend: backend("a"), weight: a },
          { backend: backend("b"), weight: b },
        ],
      },
    });
    expect(onHost([split(60, 40)], [split(1, 3)])).toEqual([
      "~ weights on shop.com prefix /: shop/a/80 60 %, shop/b/80 40 % → shop/a/80 25 %, shop/b/80 75 %  (shop/web/0/0)",
    ]);
    // Weights are relative.
    expect(onHost([split(60, 40)], [split(6, 4)])).toEqual(NOTHING);
  });

  test("what changes alike on many routes is said once", () => {
    const routes = (age: number) =>
      Array.from({ length: 12 }, (_, index) =>
        route(`shop/web/0/${index}`, prefix(`/${index}`), { policies: { cors: { age } } }),
      );
    const [line, ...more] = onHost(routes(1), routes(2));
    expect(line).toContain("~ cors on shop.com, 12 routes: age 1 → 2  (shop/web/0/0, shop/web/0/1,");
    expect(line).toContain("and 2 more)");
    expect(more).toEqual([]);
  });

  test("order", () => {
    const other = route("shop/new/0/0", prefix("/"));
    expect(onHost([main, other], [other, main])).toEqual([
      "~ order on shop.com: shop/new/0/0 comes before shop/web/0/0",
    ]);
  });

  test("another origin", () => {
    const moved = {
      ...main,
      origins: [{ object: { kind: "Ingress", namespace: "shop", name: "web" } as const }],
    };
    expect(onHost([main], [moved])[0]).toContain("origin on shop.com prefix /");
  });
});

describe("canary weights", () => {
  const rule = (weights: Record<string, number>, path = "/"): Route[] => {
    let reached = 0;
    return [
      ...Object.entries(weights).flatMap(([name, percent]) => {
        reached += percent * 10_000;
        const below = reached >= 1_000_000 ? {} : { below: reached };
        return [
          route(`shop/web/0/0/not/${name}/0`, prefix(path), {
            ...below,
            conditions: [header("x-c", "never")],
          }),
          route(`shop/web/0/0/canary/${name}/weight`, prefix(path), below),
        ];
      }),
      route("shop/web/0/0", prefix(path)),
    ];
  };

  test("are told as such, and only once", () => {
    expect(onHost(rule({ "web-canary": 10 }), rule({ "web-canary": 30 }))).toEqual([
      "~ canary weight of shop/web-canary on shop.com/: 10 % → 30 %",
    ]);
  });

  test("from and to nothing, and to all", () => {
    expect(onHost(rule({}, "/cart"), rule({ c: 12.5 }, "/cart"))).toEqual([
      "~ canary weight of shop/c on shop.com/cart: 0 % → 12.5 %",
    ]);
    expect(onHost(rule({ c: 10 }), rule({}))).toEqual(["~ canary weight of shop/c on shop.com/: 10 % → 0 %"]);
    expect(onHost(rule({ c: 10 }), rule({ c: 100 }))).toEqual([
      "~ canary weight of shop/c on shop.com/: 10 % → 100 %",
    ]);
  });

  test("of several canaries, only those that change", () => {
    expect(onHost(rule({ a: 10, b: 20 }), rule({ a: 15, b: 20 }))).toEqual([
      "~ canary weight of shop/a on shop.com/: 10 % → 15 %",
    ]);
  });

  test("a canary with a claim is a route of its own", () => {
    const claim = route("shop/web/0/0/canary/c", prefix("/"), { conditions: [header("x-c", "always")] });
    expect(onHost(rule({}), [claim, ...rule({})])).toEqual([
      '+ route on shop.com: prefix /, header x-c must be "always" → forward to shop/c/80  (shop/web/0/0/canary/c)',
    ]);
  });
});

describe("policies", () => {
  const withPolicies = (policies: Route["policies"]) => [route("shop/web/0/0", prefix("/"), { policies })];

  test("field by field", () => {
    const before = withPolicies({ cors: { age: 1, origins: ["a"], deep: { x: 1 } }, old: { a: 1 } });
    const after = withPolicies({ cors: { age: 1, origins: ["a", "b"], deep: { x: 2 } }, young: true });
    expect(onHost(before, after)).toEqual([
      "~ cors on shop.com: deep.x 1 → 2  (shop/web/0/0)",
      '~ cors on shop.com: origins ["a"] → ["a","b"]  (shop/web/0/0)',
      '~ old on shop.com: {"a":1} → off  (shop/web/0/0)',
      "~ young on shop.com: off → true  (shop/web/0/0)",
    ]);
  });

  test("bytes are never shown, but that they differ is said", () => {
    const of = (text: string) => withPolicies({ auth: { key: new TextEncoder().encode(text) } });
    const [line, ...more] = onHost(of("secret"), of("hidden"));
    expect(line).toContain("not shown");
    expect(more).toEqual([]);
  });

  test("on clusters", () => {
    const of = (policy: unknown) =>
      model([], { clusters: [cluster("shop/web/80", { policies: { warmup: policy } })] });
    expect(said(of({ seconds: 1 }), of({ seconds: 30 }))).toEqual([
      "~ warmup on shop/web/80: seconds 1 → 30",
    ]);
  });
});

describe("clusters and endpoints", () => {
  test("added and removed, without their endpoints one by one", () => {
    const full = model([], {
      clusters: [cluster("shop/web/80")],
      endpoints: [loadAssignment("shop/web/80", "10.0.0.1")],
    });
    expect(said(model(), full)).toEqual(["+ cluster shop/web/80 (Service shop/web, port 80), 1 endpoint"]);
    expect(said(full, model())).toEqual(["- cluster shop/web/80 (Service shop/web, port 80)"]);
  });

  test("another protocol", () => {
    const of = (protocol: "http1" | "http2") =>
      model([], { clusters: [cluster("shop/web/80", { protocol })] });
    expect(said(of("http1"), of("http2"))).toEqual(["~ protocol of cluster shop/web/80: http1 → http2"]);
  });

  test("endpoints that come, go, drain, serve again and move", () => {
    const of = (...endpoints: string[]) =>
      model([], {
        clusters: [cluster("shop/web/80")],
        endpoints: [loadAssignment("shop/web/80", ...endpoints)],
      });
    expect(
      said(of("10.0.0.1", "10.0.0.2", "10.0.0.3 draining"), of("10.0.0.2 draining", "10.0.0.3", "fd00::1")),
    ).toEqual([
      "~ endpoints of shop/web/80: added [fd00::1]:8080; removed 10.0.0.1:8080; draining 10.0.0.2:8080; serving again 10.0.0.3:8080",
    ]);
    const zoned = (zone: string) => {
      const [endpoint] = loadAssignment("shop/web/80", "10.0.0.1").endpoints;
      const endpoints = endpoint === undefined ? [] : [{ ...endpoint, zone }];
      return model([], {
        clusters: [cluster("shop/web/80")],
        endpoints: [{ cluster: "shop/web/80", origins: [], endpoints }],
      });
    };
    expect(said(zoned("a"), zoned("b"))).toEqual([
      "~ endpoints of shop/web/80: in another zone 10.0.0.1:8080",
    ]);
  });
});

describe("certificates", () => {
  const PEM = `-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIUYMoF6/Nzt0jjH8cz2EaFdrtvdhkwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIc2hvcC5jb20wIBcNMjYxMTI0MTA0NTM4WhgPMjEyNjEwMzEx
MDQ1MzhaMBMxETAPBgNVBAMMCHNob3AuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEllM7mHh6tYAGYPaF0itZz5SRQE/jzxP+9DJK7U5OtvL0Y7FwEZlVT3A6
4M7H+nyy7U/qeiYMec+nRiDPOpJM46NTMFEwHQYDVR0OBBYEFFr6UnrXHU6KSDKx
8URjkphP8VzcMB8GA1UdIwQYMBaAFFr6UnrXHU6KSDKx8URjkphP8VzcMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhALAvZXSOcVm/GNtea/huSnvU
TZ04RHehjC+D8+Soyz31AiB1rNiiHlTyrrDXy+YhfUH420k/k3SAedNBmz3Gipes
Nw==
-----END CERTIFICATE-----
`;
  const FINGERPRINT =
    "29:DF:63:22:30:A6:90:E6:55:10:B4:16:0A:57:EC:EA:9D:1C:C8:F3:09:01:E6:B4:A4:34:45:F1:15:A3:98:C8";
  const of = (chain: string, key: string) =>
    model([], {
      certificates: [{ name: "shop/tls", chain: Buffer.from(chain), key: Buffer.from(key), origins: [] }],
    });

  test("added and removed, by fingerprint", () => {
    const [added] = said(model(), of(PEM, "private"));
    expect(added).toContain(`+ certificate shop/tls ${FINGERPRINT} (valid until `);
    expect(said(of(PEM, "private"), model())).toEqual([`- certificate shop/tls ${FINGERPRINT}`]);
  });

  test("changed: the leaf, or what belongs to it", () => {
    expect(said(of("junk", "private"), of(PEM, "private"))[0]).toContain(` → ${FINGERPRINT} (valid until `);
    expect(said(of(PEM, "private"), of(PEM, "secret"))).toEqual([
      "~ certificate shop/tls: same leaf, another key",
    ]);
    expect(said(of(PEM, "private"), of(`${PEM}${PEM}`, "private"))).toEqual([
      "~ certificate shop/tls: same leaf, another chain",
    ]);
  });

  test("nothing of a key is in a diff", () => {
    const changes = JSON.stringify(diff(of(PEM, "private"), of("junk", "secret")));
    expect(changes).not.toMatch(/private|secret|cHJpdmF0ZQ|112,114/);
  });
});

test("a name cannot steer the terminal", () => {
  const host = virtualHost("a.com", [route("shop/web/0/0", prefix("/\u001b[2J"))]);
  expect(renderDiff(diff(model(), model([host])))).not.toContain("\u001b");
});
