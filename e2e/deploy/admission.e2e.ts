import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "@sluice/admission/testing";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admissionConfigFlag, writeAdmissionConfig } from "../admission/admission-config.ts";
import { requireTools } from "../cluster/src/tools.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { ingressObject } from "../kubernetes/objects.ts";
import { completeChart, helm, NAMESPACE, release, type Values } from "./chart.ts";

/** The webhook as the chart sets it up, with a certificate that Helm makes, called by the API server through its Service. */

const folder = mkdtempSync(join(tmpdir(), "sluice-webhook-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const apiServers = makeAuthority("API servers");
beforeAll(async () => writeAdmissionConfig(folder, await apiServers));
const shared = useCluster({ apiServerFlags: [admissionConfigFlag(folder)] });

const VALUES: Values = {
  replicas: 1,
  shutdown: { settleSeconds: 0, drainSeconds: 0 },
  envoy: { concurrency: 1 },
  admission: { enabled: true, timeoutSeconds: 10, clientCA: { configMapName: "api-server-ca" } },
};
const BAD = ingressObject({ name: "bad", host: "bad.test", annotations: { timeout: "soon" } });
const PATIENCE = { timeout: 60_000, interval: 500 };

test("an Ingress is judged, an upgrade keeps the certificate, and without the gateway Ingresses are stored", async () => {
  completeChart();
  const { kubectl } = shared.cluster;
  await kubectl(["create", "namespace", NAMESPACE]);
  const ca = join(folder, "ca.crt");
  writeFileSync(ca, (await apiServers).certificate);
  await kubectl(["create", "configmap", "api-server-ca", "-n", NAMESPACE, `--from-file=${ca}`]);

  await release("install", VALUES, shared.cluster.kubeconfig);
  // It is created anew each time: what is not changed is judged too, but is worth no warning to kubectl.
  await expect.poll(judged, PATIENCE).toMatch(/Warning: .*timeout.*"soon".*Expected: /);
  const before = await certificates();
  expect(before[0]).toBe(before[1]);
  const changed = { ...VALUES, podAnnotations: { "example.com/version": "2" } };
  await release("upgrade", changed, shared.cluster.kubeconfig);
  expect(await certificates()).toEqual(before);

  await helm(["uninstall", "sluice", "--namespace", NAMESPACE, "--wait"], {
    KUBECONFIG: shared.cluster.kubeconfig,
  });
  expect(await judged()).not.toContain("Warning");
});

/** What kubectl says when the bad Ingress is created. */
async function judged(): Promise<string> {
  await shared.cluster.kubectl(["delete", "ingress", "bad", "--ignore-not-found"]);
  const { all } = await execa(requireTools().kubectl, ["create", "-f", "-"], {
    env: { KUBECONFIG: shared.cluster.kubeconfig },
    input: JSON.stringify(BAD),
    all: true,
  });
  expect(all).toContain("created");
  return all;
}

/** The authority that the API server goes by, that of the Secret, and the certificate. */
async function certificates(): Promise<readonly string[]> {
  const { kubectl } = shared.cluster;
  const secret = ["get", "secret", "sluice-admission", "-n", NAMESPACE, "-o"];
  const webhook = ["get", "validatingwebhookconfiguration", `${NAMESPACE}-sluice-admission`, "-o"];
  return Promise.all([
    kubectl([...webhook, "jsonpath={.webhooks[0].clientConfig.caBundle}"]),
    kubectl([...secret, "jsonpath={.data.ca\\.crt}"]),
    kubectl([...secret, "jsonpath={.data.tls\\.crt}"]),
  ]);
}
