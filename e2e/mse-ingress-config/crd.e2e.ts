import { CRD_NAME, mseIngressConfigCrd, statusOf } from "@sluice/mse-ingress-config";
import { beforeAll, describe, expect, test } from "vitest";
import { useCluster } from "../cluster/use-cluster.ts";

const shared = useCluster({ controllerManager: false });
const kubectl = (args: string, input?: object): Promise<string> =>
  shared.cluster.kubectl(args.split(" "), input && JSON.stringify(input));

function config(name: string, spec: object): object {
  return { apiVersion: "mse.alibabacloud.com/v1alpha1", kind: "MseIngressConfig", metadata: { name }, spec };
}

const FULL = {
  name: "shop",
  id: "gw-1",
  override: true,
  common: {
    pay: { payType: "POSTPAY" },
    instance: { spec: "2c4g", replicas: 30 },
    network: { vSwitches: ["vsw-1", "vsw-2"], publicSLBSpec: "slb.s1.small", privateSLBSpec: "slb.s3.large" },
    securityGroupType: "enterprise",
  },
  global: {
    tls: { enableHardwareAcceleration: true },
    ipAccessControl: { whitelist: ["10.0.0.0/8"], blacklist: ["2001:db8::/32"] },
  },
  monitor: {
    logging: { sls: { reuseProject: "" } },
    tracing: { openTelemetry: { sampleRate: "12.5" } },
  },
  ingress: { local: { ingressClass: "mse", watchNamespace: "shop" } },
};

beforeAll(async () => {
  await kubectl("apply --server-side -f -", mseIngressConfigCrd());
  await kubectl(`wait --for=condition=Established --timeout=60s crd/${CRD_NAME}`);
});

test("the definition is structural, and applying it again changes nothing", async () => {
  const crd = JSON.parse(await kubectl(`get crd ${CRD_NAME} -o json`));
  const types = crd.status.conditions.map(({ type, status }: { type: string; status: string }) => [
    type,
    status,
  ]);
  expect(types).toEqual(
    expect.arrayContaining([
      ["NamesAccepted", "True"],
      ["Established", "True"],
    ]),
  );
  expect(types).not.toContainEqual(["NonStructuralSchema", "True"]);
  await kubectl("apply --server-side -f -", mseIngressConfigCrd());
  const again = JSON.parse(await kubectl(`get crd ${CRD_NAME} -o json`));
  expect(again.metadata.generation).toBe(crd.metadata.generation);
});

describe("an object", () => {
  test.each([
    ["empty", {}],
    ["full", FULL],
    // Warned of, and in the case of a list failed, by the gateway: the words come as an Event.
    ["with-unknown", { common: { instance: { replica: 3 } }, colour: "red" }],
    ["with-bad-list", { global: { ipAccessControl: { whitelist: ["10.0.0.300"] } } }],
    ["with-both", { monitor: { tracing: { xTrace: {}, openTelemetry: {} } } }],
  ])("%s is taken as it is", async (name, spec) => {
    await kubectl("apply --server-side -f -", config(name, spec));
    expect(JSON.parse(await kubectl(`get mseingressconfig ${name} -o json`)).spec).toEqual(spec);
    await kubectl(`delete mic ${name}`);
  });

  test.each([
    ["replicas", { common: { instance: { replicas: 31 } } }, "less than or equal to 30"],
    ["negative", { common: { instance: { replicas: -1 } } }, "greater than or equal to 0"],
    ["size", { common: { instance: { spec: "1c1g" } } }, '"2c4g", "4c8g", "8c16g", "16c32g"'],
    ["pay", { common: { pay: { payType: "PREPAY" } } }, '"POSTPAY"'],
    ["slb", { common: { network: { publicSLBSpec: "slb.s9.huge" } } }, '"slb.s1.small"'],
    ["switches", { common: { network: { vSwitches: ["a", "b", "c"] } } }, "at most 2 items"],
    ["id", { id: "lb-1" }, "^gw-.+$"],
    ["rate", { monitor: { tracing: { xTrace: { sampleRate: "101" } } } }, "sampleRate"],
    ["type", { override: "yes" }, ".spec.override: expected boolean"],
  ])("with a bad value (%s) is refused, with the field's name", async (name, spec, words) => {
    await expect(kubectl("apply --server-side -f -", config(name, spec))).rejects.toThrow(words);
  });
});

test("kubectl get shows how a gateway is", async () => {
  await kubectl("apply --server-side -f -", config("shown", { common: { instance: { replicas: 2 } } }));
  const status = statusOf({
    generation: 1,
    dataPlane: { ready: true, message: "2 of 2 Envoys are ready." },
    listening: { ready: false, message: "No Ingress is listened to." },
    now: Date.now(),
  });
  const withStatus = { ...config("shown", {}), status };
  await kubectl("apply --server-side --subresource=status -f -", withStatus);
  const [head = "", line = ""] = (await kubectl("get mseingressconfig")).split("\n");
  expect(head.split(/\s{2,}/)).toEqual(["NAME", "STATUS", "REPLICAS", "AGE", "MESSAGE"]);
  expect(line.split(/\s{2,}/)).toEqual([
    "shown",
    "Running",
    "2",
    expect.stringMatching(/^\d+s$/),
    "No Ingress is listened to.",
  ]);
});
