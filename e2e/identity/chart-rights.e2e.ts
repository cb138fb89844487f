import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_LIFETIMES, firstAuthority } from "@sluice/xds-identity";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import type { KubeObject } from "../cluster/src/objects.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { compareVerbs, grantedVerbs, verbsOf } from "../cluster/verbs.ts";
import { MANIFESTS, NAMESPACE, objectsOf } from "../deploy/chart.ts";
import { argsOf, deploymentOf } from "../deploy/rendered.ts";
import { requestsOf } from "../kubernetes/audit.ts";
import { Replicas } from "./replicas.ts";

// Without the garbage collector what a deleted MseIngressConfig had stays, and is in the way of its successor's.
const shared = useCluster({ controllerManager: false, audit: true });
const CLI = join(import.meta.dirname, "../../packages/controller/src/cli.ts");
const PATIENCE = { timeout: 60_000 };

test("of Secrets the managed topology does with its own ServiceAccount what its Role grants there, no less and no more", async () => {
  const { cluster } = shared;
  const manifest = readFileSync(join(MANIFESTS, "managed.yaml"), "utf8");
  const objects = objectsOf(manifest);
  await cluster.kubectl(["apply", "--server-side", "-f", join(MANIFESTS, "crds.yaml")]);
  await cluster.kubectl(["apply", "--server-side", "-f", "-"], manifest);
  await using replicas = await Replicas.of(cluster, NAMESPACE, false);
  // One that is due to be followed by another, so that it is updated.
  const now = Date.now() - DEFAULT_LIFETIMES.authorityMs * 0.7;

  const deployment = deploymentOf(objects);
  const { serviceAccountName } = deployment.spec.template.spec;
  const folder = mkdtempSync(join(tmpdir(), "sluice-rights-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const args = argsOf(deployment, "controller").map((arg) => arg.replaceAll("/run/sluice", folder));
  const who = { serviceAccount: serviceAccountName, namespace: NAMESPACE };
  const serve = execa("node", [CLI, ...args, "--namespace", NAMESPACE], {
    env: { KUBECONFIG: await cluster.kubeconfigFor(who) },
    reject: false,
  });
  onTestFinished(async () => {
    serve.kill("SIGTERM");
    await serve;
  });

  const uid = async (): Promise<string | undefined> => {
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/sluice-shop-xds`;
    const { metadata } = await cluster.api.get<KubeObject>(path).catch(() => ({ metadata: undefined }));
    return metadata?.uid;
  };
  await cluster.api.apply(config());
  await expect.poll(uid, PATIENCE).toBeTypeOf("string");
  const first = await uid();
  await replicas.remove();
  await replicas.create(await firstAuthority({ now, lifetimes: DEFAULT_LIFETIMES }));
  await expect.poll(async () => (await replicas.secret()).data["next.crt"], PATIENCE).toBeTypeOf("string");
  await cluster.api.remove(config());
  await cluster.api.apply(config());
  await expect.poll(async () => ![first, undefined].includes(await uid()), PATIENCE).toBe(true);

  const asked = () =>
    requestsOf(cluster.folder, serviceAccountName, NAMESPACE).filter(
      ({ objectRef }) => objectRef?.resource === "secrets" && objectRef.namespace === NAMESPACE,
    );
  const granted = new Map(
    // What the chart makes has what every object has.
    [...grantedVerbs((objects as KubeObject[]).filter(isOwnRole))].filter(([key]) =>
      key.startsWith("/secrets "),
    ),
  );
  expect(granted.get("/secrets update")).toEqual(new Set(["sluice-xds-ca"]));
  await expect
    .poll(() => compareVerbs(verbsOf(asked()), granted), PATIENCE)
    .toEqual({ unused: [], ungranted: [] });
  expect(asked().filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
});

function isOwnRole({ kind, metadata }: KubeObject): boolean {
  return kind === "Role" && metadata.namespace === NAMESPACE;
}

function config(): KubeObject {
  const metadata = { name: "shop" };
  const apiVersion = "mse.alibabacloud.com/v1alpha1";
  const instance = { replicas: 1, spec: "4c8g" };
  // It has more fields than any object has.
  return { apiVersion, kind: "MseIngressConfig", metadata, spec: { common: { instance } } } as KubeObject;
}
