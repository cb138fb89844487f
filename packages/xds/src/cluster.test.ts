import type { Cluster } from "@sluice/model";
import { decode, TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { backend, feature, origin, xdsWith } from "./testing/models.ts";

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

const model = (more: Partial<Cluster> = {}): Cluster => ({
  name: "shop/cart/80",
  target: backend("cart").target,
  protocol: "http1",
  policies: {},
  origins: [origin("web")],
  ...more,
});

const decoded = (xds: ReturnType<typeof xdsWith>, more: Partial<Cluster> = {}) =>
  decode(TYPE_URLS.CLUSTER, xds.cluster(model(more)).resource.bytes);

function protocolOf(protocol: Cluster["protocol"]) {
  const options = decoded(xdsWith(), { protocol }).typedExtensionProtocolOptions?.[HTTP_OPTIONS]?.value;
  return Object.keys(decode(HTTP_OPTIONS, options ?? new Uint8Array()).explicitHttpConfig ?? {});
}

test("a cluster's endpoints come by EDS, under its own name", () => {
  const { edsClusterConfig, type } = decoded(xdsWith());
  expect(type).toBe("EDS");
  expect(edsClusterConfig?.serviceName ?? "").toBe("");
  expect(edsClusterConfig?.edsConfig?.ads).toEqual({});
});

test("draining endpoints get nothing new, at once and however few are left", () => {
  expect(decoded(xdsWith()).commonLbConfig).toEqual({
    healthyPanicThreshold: {},
    updateMergeWindow: {},
  });
});

test.each([
  ["http1", "httpProtocolOptions"],
  ["http2", "http2ProtocolOptions"],
] as const)("%s is spoken by %s", (protocol, option) => {
  expect(protocolOf(protocol)).toEqual([option]);
});

test("features shape every cluster, with their policy if it has one", () => {
  const slow = feature("slow", {
    cluster: (out, policy) => {
      out.connectTimeout = { seconds: policy === undefined ? 5 : 9 };
    },
  });
  expect(decoded(xdsWith([slow])).connectTimeout).toEqual({ seconds: 5 });
  expect(decoded(xdsWith([slow]), { policies: { slow: {} } }).connectTimeout).toEqual({ seconds: 9 });
});

test("a cluster that breaks a rule has no endpoints, and its object is told", () => {
  const wrong = feature("wrong", {
    cluster: (out) => {
      out.connectTimeout = { seconds: -1 };
    },
  });
  const { resource, diagnostics } = xdsWith([wrong]).cluster(model());
  expect(decode(TYPE_URLS.CLUSTER, resource.bytes)).toEqual({
    name: "shop/cart/80",
    type: "STATIC",
    loadAssignment: { clusterName: "shop/cart/80" },
  });
  expect(diagnostics).toMatchObject([{ code: "resource-constraint", origin: origin("web") }]);
});

test("without the extension of a protection a cluster is closed", () => {
  const guard = feature("guard", { onInvalid: "deny", requires: ["type/guard"] });
  const { resource, diagnostics } = xdsWith([guard], {}, ["type/guard"]).cluster(
    model({ policies: { guard: {} } }),
  );
  expect(decode(TYPE_URLS.CLUSTER, resource.bytes).type).toBe("STATIC");
  expect(diagnostics).toMatchObject([{ code: "annotation-unsupported" }]);
});
