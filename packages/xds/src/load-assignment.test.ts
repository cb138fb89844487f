import type { LoadAssignmentEndpoint } from "@sluice/model";
import { decode, TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { loadAssignment } from "./load-assignment.ts";
import { origin } from "./testing/models.ts";

const assign = (...endpoints: LoadAssignmentEndpoint[]) =>
  loadAssignment({ cluster: "shop/cart/80", endpoints, origins: [origin("cart")] });

const decoded = (...endpoints: LoadAssignmentEndpoint[]) =>
  decode(TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, assign(...endpoints).resource.bytes);

test("all endpoints are in one locality, in order, with what they are not", () => {
  const endpoints = [
    { address: "10.0.0.1", port: 80, health: "healthy", zone: "b" },
    { address: "fd00::1", port: 8080, health: "draining", zone: "a" },
  ] as const;
  expect(decoded(...endpoints)).toEqual({
    clusterName: "shop/cart/80",
    endpoints: [
      {
        lbEndpoints: [
          { endpoint: { address: { socketAddress: { address: "10.0.0.1", portValue: 80 } } } },
          {
            endpoint: { address: { socketAddress: { address: "fd00::1", portValue: 8080 } } },
            healthStatus: "DRAINING",
          },
        ],
      },
    ],
  });
});

test("a cluster may have no endpoint", () => {
  expect(decoded()).toEqual({ clusterName: "shop/cart/80" });
});

test.each([
  ["localhost", 80],
  ["10.0.0.1", 0],
  ["10.0.0.1", 70000],
  ["", 80],
])("%s port %d is left out and reported", (address, port) => {
  const good = { address: "10.0.0.2", port: 80, health: "healthy" } as const;
  const bad = { address, port, health: "healthy" } as const;
  expect(decoded(bad, good)).toEqual(decoded(good));
  expect(assign(bad, good).diagnostics).toMatchObject([{ code: "endpoint-invalid", origin: origin("cart") }]);
});
