import { expect, test } from "vitest";
import { resolveService } from "./cluster-dns.ts";
import type { Service, ServiceState } from "./service-objects.ts";

const service = (spec: Service["spec"]): Service => ({
  ...{ apiVersion: "v1", kind: "Service", metadata: { name: "s", namespace: "n" }, spec },
});
const state: ServiceState = {
  services: new Map([
    ["n/web", service({ clusterIP: "10.96.1.1" })],
    ["n/none", service({ clusterIP: "None" })],
    ["n/all", service({ clusterIP: "None", publishNotReadyAddresses: true })],
    ["n/out", service({ type: "ExternalName", externalName: "other.example" })],
  ]),
  slices: new Map(
    ["none", "all"].map((name) => [
      name,
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name, namespace: "n", labels: { "kubernetes.io/service-name": name } },
        addressType: "IPv4",
        endpoints: [
          { addresses: ["10.244.1.1"], conditions: { ready: true }, hostname: "one" },
          { addresses: ["10.244.1.2"], conditions: { ready: false } },
        ],
      },
    ]),
  ),
};

test.each([
  ["web.n.svc.cluster.local", { addresses: ["10.96.1.1"] }],
  ["WEB.n.svc.cluster.local.", { addresses: ["10.96.1.1"] }],
  ["web.n.svc", { addresses: ["10.96.1.1"] }],
  ["none.n.svc", { addresses: ["10.244.1.1"] }],
  ["one.none.n.svc", { addresses: ["10.244.1.1"] }],
  ["all.n.svc", { addresses: ["10.244.1.1", "10.244.1.2"] }],
  ["out.n.svc", { addresses: [], alias: "other.example" }],
  ["two.none.n.svc", undefined],
  ["x.web.n.svc", undefined],
  ["web.m.svc", undefined],
  ["web.n.svc.example", undefined],
  ["example", undefined],
])("%s", (name, answer) => {
  expect(resolveService(name, state)).toEqual(answer);
});
