import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEcho } from "@sluice/echo-backend";
import { findEnvoy } from "@sluice/envoy";
import { execa } from "execa";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { KubeObject } from "../cluster/src/objects.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { requestsOf } from "../kubernetes/audit.ts";
import { backend, ingressObject, secretObject } from "../kubernetes/objects.ts";
import { testCertificate } from "../support/certificate.ts";
import { CHART, completeChart, NAMESPACE, objectsOf, render } from "./chart.ts";
import { argsOf, deploymentOf, grantsOf } from "./rendered.ts";

/** The processes of the chart's Pods, started with the arguments of its templates and the rights of its ServiceAccount. */

const shared = useCluster({ audit: true });
const CLI = join(import.meta.dirname, "../../packages/controller/src/cli.ts");

/** What is granted and not used in this test, and why nevertheless. */
const UNUSED: Readonly<Record<string, string>> = {
  "/configmaps get": "no annotation of this test refers to a ConfigMap",
  "/configmaps watch": "no annotation of this test refers to a ConfigMap",
  "networking.k8s.io/ingresses/status patch":
    "status is written by the leader of a Pod, which this process is not",
  "events.k8s.io/events create": "status is written by the leader of a Pod, which this process is not",
  "events.k8s.io/events patch": "status is written by the leader of a Pod, which this process is not",
  "coordination.k8s.io/leases create": "status is written by the leader of a Pod, which this process is not",
  "coordination.k8s.io/leases get": "status is written by the leader of a Pod, which this process is not",
  "coordination.k8s.io/leases update": "status is written by the leader of a Pod, which this process is not",
};

beforeAll(async () => {
  completeChart();
  const { api, kubectl } = shared.cluster;
  for (const name of [NAMESPACE, "shop"])
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await kubectl(["apply", "--server-side", "-f", join(CHART, "crds")]);
  const echo = await startEcho({ name: "web", host: "10.244.9.1" });
  const shop = [
    ...backend("web", echo).map(withPod),
    secretObject("shop-tls", await testCertificate("shop.example")),
    ingressObject({
      name: "web",
      host: "shop.example",
      paths: [{ path: "/", service: "web" }],
      tls: [{ hosts: ["shop.example"], secretName: "shop-tls" }],
    }),
    ingressObject({
      name: "versions",
      host: "versions.example",
      paths: [{ path: "/", service: "web" }],
      annotations: { destination: "100% web.shop.svc.cluster.local:80 v1" },
    }),
  ];
  await api.apply(...shop.map((object) => inNamespace("shop", object)));
  return () => echo.kill();
});

/** An EndpointSlice names Pods, whose labels a subset goes by. */
function withPod(object: KubeObject): KubeObject {
  if (!("endpoints" in object) || !Array.isArray(object.endpoints)) return object;
  const targetRef = { kind: "Pod", name: "web-1", namespace: "shop" };
  return Object.assign({}, object, {
    endpoints: object.endpoints.map((endpoint: object) => ({ ...endpoint, targetRef })),
  });
}

function inNamespace(namespace: string, object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace } };
}

describe.each([
  { about: "in all namespaces", values: {}, missing: [] },
  {
    about: "in one namespace, with Roles alone",
    values: { watchNamespace: ["shop"] },
    // They have no namespace: it asks, and does without them.
    missing: ["ingressclasses", "namespaces", "mseingressconfigs"],
  },
])("a gateway of the chart, $about", ({ values, missing }) => {
  test("serves with its own ServiceAccount: nothing is refused, and what is granted is used", async () => {
    const { cluster } = shared;
    const manifest = await render({ ...values, nameOverride: `sluice${Object.keys(values).length}` });
    await cluster.kubectl(["apply", "--server-side", "-f", "-"], manifest);
    const objects = objectsOf(manifest);
    const deployment = deploymentOf(objects);
    const serviceAccount = deployment.spec.template.spec.serviceAccountName;

    const folder = mkdtempSync(join(tmpdir(), "sluice-run-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    // The volume of the Pod.
    const args = (container: string): string[] =>
      argsOf(deployment, container).map((arg) =>
        arg.replaceAll("/run/sluice", folder).replaceAll("$(POD_NAME)", "gateway-1"),
      );
    await execa("node", [CLI, ...args("bootstrap")]);
    const env = { KUBECONFIG: await cluster.kubeconfigFor({ serviceAccount, namespace: NAMESPACE }) };
    // Outside of a Pod it would write status without a Lease, at once.
    const pod = ["--status=false"];
    const controller = execa("node", [CLI, ...args("controller"), ...pod], { env, reject: false });
    const envoy = execa((await findEnvoy({ onProgress: () => {} })).path, args("envoy"), { reject: false });
    onTestFinished(async () => {
      envoy.kill("SIGTERM");
      controller.kill("SIGTERM");
      await Promise.all([envoy, controller]);
    });

    const status = (url: string, headers = {}): Promise<number> =>
      fetch(url, { headers }).then((response) => response.status);
    const patience = { timeout: 60_000 };
    const poll = (url: string) => expect.poll(() => status(url).catch(() => 0), patience);
    await poll("http://127.0.0.1:15081/readyz").toBe(200);
    await poll("http://127.0.0.1:15021/ready").toBe(200);
    expect(await status("http://127.0.0.1:15021/stats/prometheus")).toBe(200);
    const curl = [
      "--silent",
      "--header",
      "Host: shop.example",
      "--write-out",
      "%{http_code}",
      "--output",
      "/dev/null",
    ];
    const curled = () => execa("curl", [...curl, "http://127.0.0.1:8080/"]).then(({ stdout }) => stdout);
    await expect.poll(curled, patience).toBe("308");

    const used = () => requestsOf(cluster.folder, serviceAccount, NAMESPACE);
    const grants = [...grantsOf(objects)].filter((grant) => !Object.hasOwn(UNUSED, grant));
    await expect.poll(() => grants.filter((grant) => !usedOf(used()).has(grant)), patience).toEqual([]);
    const refused = used().filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(new Set(refused.map(({ objectRef }) => objectRef?.resource))).toEqual(new Set(missing));
  });
});

function usedOf(requests: ReturnType<typeof requestsOf>): Set<string> {
  return new Set(
    requests.map(({ verb, objectRef: { apiGroup = "", resource = "", subresource } = {} }) => {
      const path = subresource === undefined ? resource : `${resource}/${subresource}`;
      return `${apiGroup}/${path} ${verb}`;
    }),
  );
}
