import type { MseIngressConfig } from "@sluice/model";
import { expect, test } from "vitest";
import { dataPlane } from "./data-plane.ts";

function config(spec: object): MseIngressConfig {
  return {
    kind: "MseIngressConfig",
    metadata: { namespace: "", name: "test", labels: {}, annotations: {} },
    spec: { ...spec },
  };
}

const PREFIX = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-";

test("an empty spec has the defaults, and a load balancer as the cloud makes it", () => {
  expect(dataPlane(config({}))).toEqual({
    displayName: "mse-ingress",
    payType: "POSTPAY",
    replicas: 3,
    instanceSpec: "4c8g",
    resources: { cpu: "4", memory: "8Gi" },
    securityGroupType: "normal",
    loadBalancers: [{ kind: "public", annotations: {} }],
  });
});

test("what is said is passed on", () => {
  const common = {
    instance: { spec: "16c32g", replicas: 0 },
    network: {
      vSwitches: ["vsw-1", "vsw-2"],
      publicSLBSpec: "slb.s1.small",
      privateSLBSpec: "slb.s3.large",
    },
    securityGroupType: "enterprise",
  };
  expect(dataPlane(config({ id: "gw-7", name: "shop", common }))).toEqual({
    displayName: "shop",
    reusedId: "gw-7",
    payType: "POSTPAY",
    replicas: 0,
    instanceSpec: "16c32g",
    resources: { cpu: "16", memory: "32Gi" },
    securityGroupType: "enterprise",
    loadBalancers: [
      {
        kind: "public",
        annotations: { [`${PREFIX}address-type`]: "internet", [`${PREFIX}spec`]: "slb.s1.small" },
      },
      {
        kind: "private",
        annotations: {
          [`${PREFIX}address-type`]: "intranet",
          [`${PREFIX}spec`]: "slb.s3.large",
          [`${PREFIX}vswitch-id`]: "vsw-1",
        },
      },
    ],
  });
});

test("a private load balancer alone is not joined by a public one", () => {
  const made = dataPlane(config({ common: { network: { privateSLBSpec: "slb.s1.small" } } }));
  expect(made?.loadBalancers.map(({ kind }) => kind)).toEqual(["private"]);
});

test("what is wrong keeps its last value, or else its default", () => {
  const before = dataPlane(
    config({ common: { instance: { replicas: 5 }, network: { privateSLBSpec: "slb.s1.small" } } }),
  );
  const broken = config({ common: { instance: { replicas: -1 }, network: { privateSLBSpec: "big" } } });
  expect(dataPlane(broken, before)).toEqual(before);
  expect(dataPlane(broken)?.replicas).toBe(3);
});

test("an id that cannot be used makes nothing, and changes nothing", () => {
  const before = dataPlane(config({}));
  expect(dataPlane(config({ id: "x" }))).toBeUndefined();
  expect(dataPlane(config({ id: "x" }), before)).toBe(before);
});
