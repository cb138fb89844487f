import { describe, expect, it } from "vitest";
import { selfSigned } from "../support/certificate.ts";
import { type IngressSpec, ingress, pod, service, tlsSecret } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const TO_CANARY = { canary: "true", "canary-by-header": "X-Canary" };
const CANARY = { "x-canary": "always" };

function pair(
  name: string,
  main: Partial<IngressSpec>,
  canary: Partial<IngressSpec> & { readonly annotations?: Readonly<Record<string, string>> },
): object[] {
  const host = `${name}.example.com`;
  return [
    ingress({ name, host, paths: [{ path: "/", service: "main" }], ...main }),
    ingress({
      name: `${name}-canary`,
      host,
      paths: [{ path: "/", service: "one" }],
      ...canary,
      annotations: { ...TO_CANARY, ...canary.annotations },
    }),
  ];
}

const shared = useGateway({
  backends: ["main", "one", "two"],
  objects: async ({ get }) => [
    ...pair(
      "headers",
      { annotations: { "request-header-control-update": "x-from main\nx-main yes" } },
      {
        annotations: {
          "request-header-control-update": "x-from canary",
          "response-header-control-update": "x-answer canary",
        },
      },
    ),
    ...pair(
      "rest",
      { annotations: { "rewrite-target": "/of-main", "upstream-vhost": "main.internal" } },
      { annotations: { "rewrite-target": "/of-canary", "upstream-vhost": "canary.internal" } },
    ),
    // One Service of two Pods, told apart by their labels.
    ...service("app", [
      { port: get("main").port, podName: "app-main" },
      { port: get("one").port, podName: "app-v2" },
    ]),
    pod("app-main", {}),
    pod("app-v2", { "opensergo.io/canary-v2": "v2" }),
    ...pair(
      "subset",
      { paths: [{ path: "/", service: "app" }], annotations: { "service-subset": "" } },
      { paths: [{ path: "/", service: "app" }], annotations: { "service-subset": "v2" } },
    ),
    ...pair("destination", {}, { annotations: { destination: "100% two.default.svc.cluster.local:80" } }),
    ...pair(
      "main-destination",
      { annotations: { destination: "100% two.default.svc.cluster.local:80" } },
      {},
    ),
    ...service("idle", []),
    ...service("far", [{ port: get("two").port }], "elsewhere"),
    tlsSecret("tls", await selfSigned(["secure.example.com"])),
    ...pair("secure", { tls: [{ hosts: ["secure.example.com"], secretName: "tls" }] }, {}),
    ...pair(
      "fallback",
      { annotations: { "default-backend": "two" } },
      { paths: [{ path: "/", service: "idle" }] },
    ),
    ...pair("moved", { annotations: { "temporal-redirect": "https://other.example.com/" } }, {}),
    ...pair("timed", { annotations: { timeout: "1" } }, { annotations: { timeout: "10" } }),
    ...pair("sticky", { annotations: { affinity: "cookie" } }, {}),
    ...pair("abroad", {}, { namespace: "elsewhere", paths: [{ path: "/", service: "far" }] }),
    // A canary's Service is an ordinary one elsewhere.
    ingress({ name: "ordinary", host: "ordinary.example.com", paths: [{ path: "/", service: "one" }] }),
    ...pair("gone", {}, { paths: [{ path: "/", service: "nobody" }] }),
    ...pair(
      "paths",
      {
        paths: [
          { path: "/a", service: "main" },
          { path: "/b", service: "main" },
          { path: "/same", service: "main", pathType: "Exact" },
        ],
      },
      {
        paths: [
          { path: "/a", service: "one" },
          { path: "/same", service: "one", pathType: "Prefix" },
        ],
      },
    ),
    ingress({ name: "wild", host: "*.wild.example.com", paths: [{ path: "/", service: "main" }] }),
    ingress({
      name: "wild-canary",
      host: "*.wild.example.com",
      annotations: TO_CANARY,
      paths: [{ path: "/", service: "one" }],
    }),
    ingress({ name: "hostless", paths: [{ path: "/hostless", service: "main" }] }),
    ingress({
      name: "hostless-canary",
      annotations: TO_CANARY,
      paths: [{ path: "/hostless", service: "one" }],
    }),
  ],
});

const seen = async (host: string, headers = {}, path = "/") =>
  (await shared.send({ host: `${host}.example.com`, path, headers })).seen();

describe("what a canary has of its own", () => {
  it("header control, which main rule and canary do not inherit from each other", async () => {
    const host = "headers.example.com";
    const main = await shared.send({ host });
    expect(main.seen()).toMatchObject({ backend: "main", headers: { "x-from": "main", "x-main": "yes" } });
    expect(main.headers).not.toHaveProperty("x-answer");
    const canary = await shared.send({ host, headers: CANARY });
    expect(canary.seen()).toMatchObject({ backend: "one", headers: { "x-from": "canary" } });
    expect(canary.seen().headers).not.toHaveProperty("x-main");
    expect(canary.headers["x-answer"]).toBe("canary");
  });

  it("a subset of the main rule's own Service", async () => {
    expect((await seen("subset")).backend).toBe("main");
    expect((await seen("subset", CANARY)).backend).toBe("one");
  });

  it("a destination", async () => {
    expect((await seen("destination")).backend).toBe("main");
    expect((await seen("destination", CANARY)).backend).toBe("two");
  });

  it("its backend, when the main rule has a destination", async () => {
    expect((await seen("main-destination")).backend).toBe("two");
    expect((await seen("main-destination", CANARY)).backend).toBe("one");
  });

  it("its failures: 503 for those it takes, and nobody else", async () => {
    expect(await shared.who({ host: "gone.example.com", headers: CANARY })).toBe(503);
    expect(await shared.who({ host: "gone.example.com" })).toBe("main");
  });
});

describe("what a canary has of the main rule", () => {
  it("rewrite and all else", async () => {
    expect(await seen("rest", {}, "/x?q=1")).toMatchObject({
      backend: "main",
      path: "/of-main?q=1",
      host: "main.internal",
    });
    expect(await seen("rest", CANARY, "/x?q=1")).toMatchObject({
      backend: "one",
      path: "/of-main?q=1",
      host: "main.internal",
    });
  });
});

describe("what else a canary has of the main rule", () => {
  const send = (name: string, headers = {}) =>
    shared.send({ host: `${name}.example.com`, headers: { ...CANARY, ...headers } });

  it("the redirect to https", async () => {
    expect((await send("secure")).headers.location).toBe("https://secure.example.com/");
    const secure = { host: "secure.example.com", https: true, headers: CANARY };
    expect(await shared.who(secure)).toBe("one");
  });

  it("redirects of its own", async () => {
    expect((await send("moved")).headers.location).toBe("https://other.example.com/");
  });

  it("the time limit", async () => {
    expect((await send("timed", { "x-echo-delay-ms": "1600" })).status).toBe(504);
  });

  it("the default backend, when its own Service has no endpoint", async () => {
    const { backend, headers } = (await send("fallback")).seen();
    expect([backend, headers["x-code"], headers["x-service-name"]]).toEqual(["two", "503", "idle"]);
  });

  it("the affinity of its Service", async () => {
    const response = await send("sticky");
    expect(response.headers["x-echo-backend"]).toBe("one");
    expect(response.headers["set-cookie"]?.[0]).toMatch(/^INGRESSCOOKIE=/);
  });
});

describe("which rules are doubled", () => {
  it("those of another namespace too", async () => {
    expect((await seen("abroad", CANARY)).backend).toBe("two");
    expect((await seen("abroad")).backend).toBe("main");
  });

  it("those of the same path and type", async () => {
    expect((await seen("paths", CANARY, "/a")).backend).toBe("one");
    expect((await seen("paths", CANARY, "/b")).backend).toBe("main");
    expect((await seen("paths", CANARY, "/same")).backend).toBe("main");
    expect(shared.diagnostics("paths-canary")).toMatchObject([
      { code: "canary-without-main", value: "/same", expected: expect.any(String) },
    ]);
  });

  it("those of a wildcard host and of no host", async () => {
    expect((await seen("x.wild", CANARY)).backend).toBe("one");
    expect((await seen("x.wild")).backend).toBe("main");
    expect((await seen("nowhere", CANARY, "/hostless")).backend).toBe("one");
    expect((await seen("nowhere", {}, "/hostless")).backend).toBe("main");
  });

  it("of other Ingresses: the canary's Service serves ordinary rules elsewhere", async () => {
    expect((await seen("ordinary", { "x-canary": "never" })).backend).toBe("one");
  });
});
