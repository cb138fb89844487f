import type { Endpoint, EndpointSlice } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { type EndpointsInput, serviceEndpoints } from "./load-assignment.ts";
import { endpoint, legacyEndpoints, service, slice } from "./testing/index.ts";

const PORT = { name: "http", port: 80, targetPort: 8080, protocol: "TCP" };

function found(slices: readonly EndpointSlice[], more: Partial<EndpointsInput> = {}) {
  const result = serviceEndpoints({
    service: service("web"),
    port: PORT,
    slices,
    endpoints: undefined,
    ...more,
  });
  return {
    ...result,
    endpoints: result.endpoints.map(({ address, port, health }) => `${address}:${port} ${health}`),
  };
}

const of = (...endpoints: Endpoint[]) => found([slice("s", "web", endpoints)]).endpoints;

const READY = {};
const NOT_READY = { ready: false };
const DRAINING = { ready: false, serving: true, terminating: true };
const GONE = { ready: false, serving: false, terminating: true };
/** Not ready, not on its way out: a pod whose probe fails. */
const SERVING_ONLY = { ready: false, serving: true };

describe("conditions", () => {
  test.each([
    ["ready ones serve", [READY, READY], ["10.0.0.0:8080 healthy", "10.0.0.1:8080 healthy"]],
    ["others do not", [NOT_READY, GONE, SERVING_ONLY], []],
    ["terminating ones drain", [READY, DRAINING], ["10.0.0.0:8080 healthy", "10.0.0.1:8080 draining"]],
    ["terminating ones serve if none is ready", [DRAINING, NOT_READY], ["10.0.0.0:8080 healthy"]],
    ["a ready one may be terminating", [{ terminating: true }], ["10.0.0.0:8080 healthy"]],
  ])("%s", (_title, conditions, expected) =>
    expect(of(...conditions.map((each, index) => endpoint(`10.0.0.${index}`, each)))).toEqual(expected),
  );
});

describe("addresses", () => {
  test("are sorted, each once, and ready if one says so", () => {
    const slices = [
      slice("s1", "web", [endpoint("10.0.0.2", DRAINING), endpoint("10.0.0.1")]),
      slice("s2", "web", [endpoint("10.0.0.2"), endpoint("10.0.0.1", DRAINING), endpoint("::1")]),
    ];
    const expected = ["10.0.0.1:8080 healthy", "10.0.0.2:8080 healthy", "::1:8080 healthy"];
    expect(found(slices).endpoints).toEqual(expected);
    expect(found(slices.toReversed()).endpoints).toEqual(expected);
  });

  test("on two ports are two endpoints", () => {
    const ports = [{ name: "http", port: 9090, protocol: "TCP" }];
    const slices = [
      slice("s1", "web", [endpoint("10.0.0.1")]),
      slice("s2", "web", [endpoint("10.0.0.1")], { ports }),
    ];
    expect(found(slices).endpoints).toEqual(["10.0.0.1:8080 healthy", "10.0.0.1:9090 healthy"]);
  });

  test("that are none are told, and the others serve", () => {
    const result = found([slice("s", "web", [endpoint("pod.test"), endpoint(""), endpoint("10.0.0.1")])]);
    expect(result).toMatchObject({ endpoints: ["10.0.0.1:8080 healthy"], invalid: ["pod.test", ""] });
  });

  test("of one endpoint are alike: the first counts, and none is none", () => {
    const conditions = endpoint("").conditions;
    expect(of({ addresses: ["10.0.0.1", "10.0.0.2"], conditions }, { addresses: [], conditions })).toEqual([
      "10.0.0.1:8080 healthy",
    ]);
  });

  test("keep their zone", () => {
    const { endpoints } = serviceEndpoints({
      service: service("web"),
      port: PORT,
      slices: [slice("s", "web", [endpoint("10.0.0.1", { zone: "z" })])],
      endpoints: undefined,
    });
    expect(endpoints).toEqual([{ address: "10.0.0.1", port: 8080, health: "healthy", zone: "z" }]);
  });
});

describe("ports", () => {
  const on = (ports: EndpointSlice["ports"], name: string | undefined) =>
    found([slice("s", "web", [endpoint("10.0.0.1")], { ports })], {
      port: { port: 80, targetPort: 8080, protocol: "TCP", ...(name === undefined ? {} : { name }) },
    }).endpoints;

  test.each([
    [
      "by name",
      [
        { name: "admin", port: 1, protocol: "TCP" },
        { name: "http", port: 2, protocol: "TCP" },
      ],
      "http",
      ["10.0.0.1:2 healthy"],
    ],
    ["without names", [{ port: 3, protocol: "TCP" }], undefined, ["10.0.0.1:3 healthy"]],
    ["an empty name is none", [{ name: "", port: 3, protocol: "TCP" }], undefined, ["10.0.0.1:3 healthy"]],
    ["another name", [{ name: "admin", port: 1, protocol: "TCP" }], "http", []],
    ["no number", [{ name: "http", protocol: "TCP" }], "http", []],
    ["none", [], "http", []],
  ])("%s", (_title, ports, name, expected) => expect(on(ports, name)).toEqual(expected));
});

describe("the older Endpoints", () => {
  const endpoints = legacyEndpoints("web", ["10.0.0.2", "10.0.0.1", "junk"]);

  test("serve a Service without slices", () => {
    expect(found([], { endpoints })).toMatchObject({
      endpoints: ["10.0.0.1:8080 healthy", "10.0.0.2:8080 healthy"],
      invalid: ["junk"],
    });
  });

  test("do not count beside a slice, even one without endpoints", () => {
    expect(found([slice("s", "web", [])], { endpoints }).endpoints).toEqual([]);
  });

  test("that are not ready do not serve", () => {
    const [subset] = endpoints.subsets;
    const subsets = [
      { ...subset, addresses: [], notReadyAddresses: [{ ip: "10.0.0.3" }], ports: subset?.ports ?? [] },
    ];
    expect(found([], { endpoints: { ...endpoints, subsets } }).endpoints).toEqual([]);
  });
});

describe("subsets", () => {
  const selectPod = (name: string | undefined) => name === "gray";
  const pods = (...list: [address: string, podName: string | undefined, conditions?: object][]) => [
    slice(
      "s",
      "web",
      list.map(([address, podName, conditions = {}]) =>
        endpoint(address, { ...conditions, ...(podName === undefined ? {} : { podName }) }),
      ),
    ),
  ];

  test("hold the pods that belong to them", () => {
    expect(
      found(pods(["10.0.0.1", "gray"], ["10.0.0.2", "base"], ["10.0.0.3", undefined]), { selectPod }),
    ).toEqual({
      endpoints: ["10.0.0.1:8080 healthy"],
      subsetEmpty: false,
      invalid: [],
    });
  });

  test("without a ready pod give way to all pods", () => {
    const slices = pods(["10.0.0.1", "gray", DRAINING], ["10.0.0.2", "base"]);
    expect(found(slices, { selectPod })).toEqual({
      endpoints: ["10.0.0.1:8080 draining", "10.0.0.2:8080 healthy"],
      subsetEmpty: true,
      invalid: [],
    });
  });

  test("drain by themselves", () => {
    const slices = pods(["10.0.0.1", "gray"], ["10.0.0.2", "gray", DRAINING], ["10.0.0.3", "base", DRAINING]);
    expect(found(slices, { selectPod }).endpoints).toEqual([
      "10.0.0.1:8080 healthy",
      "10.0.0.2:8080 draining",
    ]);
  });
});
