import type { ClusterHttpProtocolOptions } from "@sluice/protos";
import { expect, test } from "vitest";
import { connectionPolicy } from "./connection-policy.ts";
import { tryFeature } from "./support/try-feature.ts";

const TOTAL = "connection-policy-tcp-max-connection";
const EACH = "connection-policy-tcp-max-connection-per-endpoint";
const REQUESTS = "connection-policy-http-max-request-per-connection";

test.each<[Record<string, string>, object]>([
  [{}, {}],
  [{ [TOTAL]: "7" }, { circuitBreakers: { thresholds: [{ maxConnections: { value: 7 } }] } }],
  [{ [EACH]: "3" }, { circuitBreakers: { perHostThresholds: [{ maxConnections: { value: 3 } }] } }],
  [
    { [TOTAL]: "4294967295", [EACH]: "1" },
    {
      circuitBreakers: {
        thresholds: [{ maxConnections: { value: 4_294_967_295 } }],
        perHostThresholds: [{ maxConnections: { value: 1 } }],
      },
    },
  ],
])("%j", (annotations, written) => {
  const tried = tryFeature(connectionPolicy, annotations);
  expect(tried.findings).toEqual([]);
  expect(tried.cluster()).toMatchObject(written);
});

test("other limits of the cluster stay", () => {
  const { policy } = tryFeature(connectionPolicy, { [TOTAL]: "7" });
  const out = { name: "c", circuitBreakers: { thresholds: [{ maxRequests: { value: 5 } }] } };
  connectionPolicy.cluster?.(out, policy);
  expect(out.circuitBreakers).toEqual({
    thresholds: [{ maxRequests: { value: 5 }, maxConnections: { value: 7 } }],
  });
});

test("requests on one connection, beside what else is said of HTTP", () => {
  const { policy } = tryFeature(connectionPolicy, { [REQUESTS]: "2" });
  const out: ClusterHttpProtocolOptions = { commonHttpProtocolOptions: { idleTimeout: { seconds: 1 } } };
  connectionPolicy.clusterHttp?.(out, policy);
  expect(out).toEqual({
    commonHttpProtocolOptions: { idleTimeout: { seconds: 1 }, maxRequestsPerConnection: { value: 2 } },
  });
});

test.each([TOTAL, EACH, REQUESTS])("%s takes whole numbers from 1 on", (key) => {
  for (const text of ["0", "-1", "1.5", "4294967296", "many"]) {
    const tried = tryFeature(connectionPolicy, { [key]: text });
    expect(tried.findings).toEqual([`${key} annotation-value`]);
    expect(tried.policy).toBeUndefined();
  }
});
