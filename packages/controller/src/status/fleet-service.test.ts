import type { MseIngressConfig } from "@sluice/model";
import { expect, test } from "vitest";
import { fleetService } from "./fleet-service.ts";

const config = (network: object, lastGood?: MseIngressConfig["lastGood"]): MseIngressConfig => ({
  kind: "MseIngressConfig",
  metadata: { namespace: "", name: "shop", labels: {}, annotations: {} },
  spec: { common: { network } },
  ...(lastGood !== undefined && { lastGood }),
});
const [publicly, privately] = [{ publicSLBSpec: "slb.s1.small" }, { privateSLBSpec: "slb.s1.small" }];

test.each([
  ["there is nothing said", undefined, "sluice-shop"],
  ["there is a public one", config({ ...publicly, ...privately }), "sluice-shop"],
  ["there is a private one alone", config(privately), "sluice-shop-private"],
  [
    "the size is bad and was good",
    config({ privateSLBSpec: "huge" }, { common: { network: privately } }),
    "sluice-shop-private",
  ],
])("where %s, %j has the Service to publish", (_case, given, name) => {
  expect(fleetService(given, "shop")).toBe(name);
});
