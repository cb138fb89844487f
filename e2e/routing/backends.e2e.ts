import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { type EndpointSpec, ingress, service, yamlOf } from "../support/manifests.ts";
import { countAnswers } from "../support/shares.ts";
import { useGateway } from "../support/use-gateway.ts";

const READY = { ready: true, serving: true, terminating: false };
const DRAINING = { ready: false, serving: true, terminating: true };
const NOT_READY = { ready: false, serving: false, terminating: false };
const ENDED = { ready: false, serving: false, terminating: true };

/** Conditions of the endpoints of `a` and `b` (null: no such endpoint), and who serves. */
const CONDITIONS: readonly [
  title: string,
  a: EndpointSpec["conditions"] | null,
  b: EndpointSpec["conditions"] | null,
  serving: readonly string[],
][] = [
  ["both ready", READY, READY, ["a", "b"]],
  ["no conditions means ready", {}, READY, ["a", "b"]],
  ["one not ready", NOT_READY, READY, ["b"]],
  ["serving without terminating is not ready", { ready: false, serving: true }, READY, ["b"]],
  ["one terminates: it gets nothing new", DRAINING, READY, ["b"]],
  ["one terminates and serves no more", ENDED, READY, ["b"]],
  ["only terminating ones left: they serve", DRAINING, DRAINING, ["a", "b"]],
  ["a terminating one before one that is not ready", DRAINING, NOT_READY, ["a"]],
  ["none ready", NOT_READY, NOT_READY, ["503"]],
  ["none that serves", ENDED, null, ["503"]],
  ["none at all", null, null, ["503"]],
];

interface PortSpec {
  readonly name?: string;
  readonly port: number;
  readonly appProtocol?: string;
}

/** A Service whose endpoints all lead to one port of loopback. */
function serviceWithPorts(
  name: string,
  ports: readonly PortSpec[],
  target: number,
  spec: object = {},
): object[] {
  return [
    { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, spec: { ports, ...spec } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name, namespace: "default", labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: ports.map(({ name: portName }) => ({ name: portName ?? "", port: target })),
      endpoints: [{ addresses: ["127.0.0.1"] }],
    },
  ];
}

const PROTOCOLS: readonly [port: PortSpec, version: string][] = [
  [{ name: "http", port: 80 }, "1.1"],
  [{ name: "grpc", port: 80 }, "2.0"],
  [{ name: "grpc-web", port: 80 }, "2.0"],
  [{ name: "http2", port: 80 }, "2.0"],
  [{ name: "http2-main", port: 80 }, "2.0"],
  [{ name: "grpcish", port: 80 }, "1.1"],
  [{ name: "web", port: 80, appProtocol: "kubernetes.io/h2c" }, "2.0"],
  [{ name: "web", port: 80, appProtocol: "grpc" }, "2.0"],
  [{ name: "web", port: 80, appProtocol: "http2" }, "2.0"],
  [{ name: "web", port: 80, appProtocol: "http" }, "1.1"],
  [{ port: 80 }, "1.1"],
];

const shared = useGateway({
  backends: ["a", "b", "fixed"],
  objects: ({ get }) => [
    ...CONDITIONS.flatMap(([, a, b], n) => [
      ...service(`cond${n}`, [
        ...(a === null ? [] : [{ port: get("a").port, conditions: a ?? {} }]),
        ...(b === null ? [] : [{ port: get("b").port, conditions: b ?? {} }]),
      ]),
      ingress({
        name: `cond${n}`,
        host: `cond${n}.example.com`,
        paths: [{ path: "/", service: `cond${n}` }],
      }),
    ]),
    ...PROTOCOLS.flatMap(([port], n) => [
      ...serviceWithPorts(`proto${n}`, [port], get("a").port),
      ingress({
        name: `proto${n}`,
        host: `proto${n}.example.com`,
        paths: [{ path: "/", service: `proto${n}` }],
      }),
    ]),
    // Several ports, by number and by name.
    ...service("many", []).slice(1),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "many", namespace: "default" },
      spec: {
        ports: [
          { name: "one", port: 80 },
          { name: "two", port: 81 },
        ],
      },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "many", namespace: "default", labels: { "kubernetes.io/service-name": "many" } },
      addressType: "IPv4",
      ports: [
        { name: "two", port: get("b").port },
        { name: "one", port: get("a").port },
      ],
      endpoints: [{ addresses: ["127.0.0.1"] }],
    },
    ingress({
      name: "many",
      host: "many.example.com",
      paths: [
        { path: "/80", service: "many", port: 80 },
        { path: "/81", service: "many", port: 81 },
        { path: "/one", service: "many", port: "one" },
        { path: "/two", service: "many", port: "two" },
      ],
    }),
    // Legacy Endpoints objects.
    { apiVersion: "v1", kind: "Service", metadata: { name: "legacy" }, spec: { ports: [{ port: 80 }] } },
    {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "legacy" },
      subsets: [{ addresses: [{ ip: "127.0.0.1" }], ports: [{ port: get("a").port }] }],
    },
    ...service("sliced", [{ port: get("b").port }]),
    {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "sliced" },
      subsets: [{ addresses: [{ ip: "127.0.0.1" }], ports: [{ name: "http", port: get("a").port }] }],
    },
    ...["legacy", "sliced", "external", "upstream-off", "draining"].map((name) =>
      ingress({ name, host: `${name}.example.com`, paths: [{ path: "/", service: name }] }),
    ),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "external" },
      spec: { type: "ExternalName", externalName: "localhost", ports: [{ port: 80 }] },
    },
    // The cluster address leads to `fixed`, the endpoints to `a`.
    ...serviceWithPorts("upstream", [{ name: "http", port: get("fixed").port }], get("a").port, {
      clusterIP: "127.0.0.1",
    }),
    ingress({
      name: "upstream-on",
      host: "upstream-on.example.com",
      annotations: { "service-upstream": "true", "upstream-hash-by": "$host" },
      paths: [{ path: "/", service: "upstream", port: "http" }],
    }),
    ...serviceWithPorts("upstream-off", [{ name: "http", port: 80 }], get("a").port, {
      clusterIP: "127.0.0.1",
    }),
    ingress({
      name: "upstream-bad",
      host: "upstream-bad.example.com",
      annotations: { "service-upstream": "on" },
      paths: [{ path: "/", service: "upstream-off" }],
    }),
    ...service("draining", [{ port: get("a").port }]),
  ],
});

async function serving(name: string): Promise<string[]> {
  const { httpPort: port } = shared.gateway;
  return [...(await countAnswers({ port, host: `${name}.example.com`, count: 20 })).keys()].sort();
}

describe("endpoints", () => {
  it.each(CONDITIONS.map(([title, , , expected], n) => [title, expected, n] as const))(
    "%s",
    async (_, expected, n) => {
      expect(await serving(`cond${n}`)).toEqual(expected);
    },
  );

  it("one that starts to terminate finishes what it has and gets nothing new", async () => {
    const { gateway, get } = shared;
    const request = httpRequest({
      host: "127.0.0.1",
      port: gateway.httpPort,
      agent: false,
      headers: { host: "draining.example.com", "x-echo-stream": "20" },
    });
    request.end();
    const [response] = await once(request, "response");
    expect(response.headers["x-echo-backend"]).toBe("a");
    const endpoints = [{ port: get("a").port, conditions: DRAINING }, { port: get("b").port }];
    // In the file that sorts last it would be a duplicate: the first file has the Service, this one the slices.
    const [, ...slices] = service("draining", endpoints);
    await gateway.apply("a-draining.yaml", yamlOf(...slices));
    expect(await serving("draining")).toEqual(["b"]);
    // What was open before goes on.
    await once(response, "data");
    await once(response, "data");
    expect(response.destroyed).toBe(false);
    request.destroy();
  });

  it("come from Endpoints where there is no EndpointSlice", async () => {
    expect(await serving("legacy")).toEqual(["a"]);
    expect(await serving("sliced")).toEqual(["b"]);
  });
});

describe("ports", () => {
  it.each([
    ["/80", "a"],
    ["/81", "b"],
    ["/one", "a"],
    ["/two", "b"],
  ])("%s", async (path, expected) => {
    expect(await shared.who({ host: "many.example.com", path })).toBe(expected);
  });

  it.each(PROTOCOLS.map(([port, version], n) => [port, version, n] as const))(
    "%j: HTTP/%s",
    async (_, version, n) => {
      expect((await shared.send({ host: `proto${n}.example.com` })).seen().httpVersion).toBe(version);
    },
  );
});

describe("a Service of type ExternalName", () => {
  it("is refused: it can reach what it should not", async () => {
    expect(await shared.who({ host: "external.example.com" })).toBe(503);
    expect(shared.diagnostics("external")).toMatchObject([
      { code: "service-external-name", value: "external" },
    ]);
  });
});

describe("service-upstream", () => {
  it("sends to the cluster address, wherever the Service is used", async () => {
    expect(await serving("upstream-on")).toEqual(["fixed"]);
  });

  it("reports what has no effect beside it", () => {
    expect(shared.diagnostics("upstream-on").map(({ code, key }) => [code, key])).toEqual([
      ["annotation-no-effect", "mse.ingress.kubernetes.io/upstream-hash-by"],
    ]);
  });

  it("with a bad value is ignored and reported", async () => {
    expectIgnored(shared, "upstream-bad", "service-upstream", "on");
    expect(await serving("upstream-bad")).toEqual(["a"]);
    expect(await serving("upstream-off")).toEqual(["a"]);
  });
});
