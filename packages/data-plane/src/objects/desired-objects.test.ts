import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findEnvoy, validateConfig } from "@sluice/envoy";
import { DEFAULT_GATEWAY_SETTINGS } from "@sluice/model";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Fleet, FleetCertificate, FleetSettings } from "../fleet.ts";
import { bootstrapFiles, CONFIG_FOLDER } from "./bootstrap-files.ts";
import { CHECKSUM_ANNOTATION } from "./deployment.ts";
import { type Decided, desiredObjects, isDesired } from "./desired-objects.ts";

const settings: FleetSettings = {
  namespace: "sluice-system",
  image: "envoyproxy/envoy:v1.40.0",
  xdsAddress: "sluice-controller.sluice-system.svc:15010",
  xdsServerName: "sluice-controller.sluice-system.svc",
  settleSeconds: 10,
};
const certificate: FleetCertificate = { certificate: "C", key: "K", bundle: "B" };

const fleet = (change: Partial<Fleet> = {}): Fleet => ({
  definition: { name: "shop", listens: { config: "shop" }, settings: DEFAULT_GATEWAY_SETTINGS },
  needs: {
    replicas: 3,
    resources: { cpu: "2", memory: "4Gi" },
    loadBalancers: [{ kind: "public", annotations: { "example.com/size": "small" } }],
  },
  owner: { name: "shop", uid: "u-1" },
  ...change,
});

function made(one: Fleet, decided: Decided = { certificate, replicas: 3 }, given = settings) {
  const objects = desiredObjects(one, given, decided);
  const find = (kind: string) => objects.find((each) => each.kind === kind);
  const checksum = JSON.stringify(find("Deployment")).match(
    new RegExp(`"${CHECKSUM_ANNOTATION}":"(\\w+)"`),
  )?.[1];
  return { names: objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`), find, checksum };
}

test("a fleet is these objects, what Pods need before the Pods", () => {
  expect(made(fleet()).names).toEqual([
    "ServiceAccount/sluice-shop",
    "ConfigMap/sluice-shop",
    "Secret/sluice-shop-xds",
    "PodDisruptionBudget/sluice-shop",
    "Service/sluice-shop",
    "Deployment/sluice-shop",
  ]);
});

test("a private load balancer and an autoscaler are objects of their own, and then only they are desired", () => {
  const one = fleet();
  const more = fleet({
    needs: {
      ...one.needs,
      loadBalancers: [...one.needs.loadBalancers, { kind: "private", annotations: {} }],
    },
    autoscaler: { min: 2, max: 5 },
  });
  const { names, find } = made(more, { certificate });
  expect(names).toEqual(
    expect.arrayContaining(["Service/sluice-shop-private", "HorizontalPodAutoscaler/sluice-shop"]),
  );
  expect(find("Deployment")?.spec).not.toHaveProperty("replicas");
  const asked = [
    ["Service", "sluice-shop-private"],
    ["HorizontalPodAutoscaler", "sluice-shop"],
  ] as const;
  expect(asked.map(([kind, name]) => [isDesired(more, kind, name), isDesired(one, kind, name)])).toEqual([
    [true, false],
    [true, false],
  ]);
  expect(isDesired(one, "Secret", "sluice-shop-xds")).toBe(true);
});

describe("Envoys roll", () => {
  const { checksum } = made(fleet());
  test("not for a new certificate or another number", () => {
    expect(made(fleet(), { replicas: 9 }).checksum).toBe(checksum);
  });
  test("for another bootstrap", () => {
    const bigger = { ...fleet().needs, resources: { cpu: "4", memory: "8Gi" } };
    expect(made(fleet({ needs: bigger })).checksum).not.toBe(checksum);
    const moved = { ...settings, xdsAddress: "other:15010" };
    expect(made(fleet(), { certificate }, moved).checksum).not.toBe(checksum);
  });
});

test("the time to end covers the drain", () => {
  const spec = JSON.stringify(made(fleet()).find("Deployment"));
  expect(spec).toContain('"terminationGracePeriodSeconds":255');
  expect(spec).toContain('"command":["/bin/bash","/etc/sluice/drain.sh","15000","240","10"]');
});

test("Envoy accepts the bootstrap of a fleet, with the files that it names", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-fleet-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = bootstrapFiles(fleet(), settings);
  const here = (text: string): string => text.replaceAll(`${CONFIG_FOLDER}/`, `${folder}/`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), here(text));
  const { path } = await findEnvoy();
  const node = { id: "pod-1", cluster: "shop" };
  const bootstrap = { ...JSON.parse(here(files["bootstrap.json"] ?? "")), node };
  expect(await validateConfig(path, bootstrap)).toEqual({ ok: true, message: "" });
});
