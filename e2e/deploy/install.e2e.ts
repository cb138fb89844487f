import { afterEach, beforeAll, expect, test } from "vitest";
import { echoDeployment } from "../cluster/manifests.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { ingressObject, secretObject } from "../kubernetes/objects.ts";
import { testCertificate } from "../support/certificate.ts";
import { clientLoop } from "../support/client-loop.ts";
import { answerOf } from "./answer.ts";
import { completeChart, helm, NAMESPACE, release, render, type Values } from "./chart.ts";
import { rightsOf, UNUSED_MANAGED } from "./rights.ts";

/** The chart as a user has it: installed, asked, upgraded under load, held against its rights, and removed. */

const shared = useCluster({ audit: true });

/** One core for all of it: the drain is as short as it can be without losing a request. */
const QUICK: Values = {
  shutdown: { settleSeconds: 3, drainSeconds: 20 },
  envoy: { concurrency: 1, resources: { requests: { cpu: "10m" } } },
};
const PATIENCE = { timeout: 30_000, interval: 500 };

/** What stays in the namespace of a release that was removed, on purpose. */
const KEPT = ["lease.coordination.k8s.io/sluice-leader", "secret/sluice-default-certificate"];

beforeAll(async () => {
  completeChart();
  const enforce = { "pod-security.kubernetes.io/enforce": "restricted" };
  await shared.cluster.api.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels: enforce } },
    ...echoDeployment("echo", { replicas: 1 }),
    secretObject("echo-tls", await testCertificate("secure.example")),
    ingressObject({ name: "echo", host: "echo.example", paths: ECHO }),
    ingressObject({
      name: "secure",
      host: "secure.example",
      paths: ECHO,
      tls: [{ hosts: ["secure.example"], secretName: "echo-tls" }],
      annotations: { "use-port-in-redirects": "true" },
    }),
    // A subset is by labels of Pods.
    ingressObject({
      name: "subset",
      host: "subset.example",
      paths: ECHO,
      annotations: { destination: "100% echo.default.svc.cluster.local:80 v1" },
    }),
  );
});
const ECHO = [{ path: "/", service: "echo" }];

afterEach(async () => {
  await helm(["uninstall", "sluice", "--namespace", NAMESPACE, "--ignore-not-found"], kubeconfig());
  await shared.cluster.kubectl(["delete", "-n", NAMESPACE, "lease,secret", "--all"]);
});

test("topology sidecar serves, is upgraded without a failed request, uses its rights, and leaves nothing", async () => {
  await withHelm("install", QUICK);
  await rolledOut("sluice-gateway");
  const address = await addressOf("sluice-gateway");
  await serves(address);
  await leadsAndCounts("finding-1");
  await withoutFailure(address, async () => {
    await withHelm("upgrade", { ...QUICK, podAnnotations: { "example.com/version": "2" } });
    await rolledOut("sluice-gateway");
    // The old Pods go on serving whom they have until they have drained.
    await expect.poll(() => podsOf("app.kubernetes.io/component=gateway"), PATIENCE).toHaveLength(2);
  });
  await expect
    .poll(async () => rightsOf(shared.cluster, await render(QUICK)), PATIENCE)
    .toEqual({ unused: [], ungranted: [], forbidden: [] });
  await uninstalled();
  await expect.poll(left, PATIENCE).toEqual(KEPT);
}, 240_000);

test("topology managed makes a fleet, upgrades it and itself without a failed request, uses its rights, and leaves nothing", async () => {
  const managed = (spec: string): Values => ({
    ...QUICK,
    topology: "managed",
    managed: {
      ingressConfig: {
        annotations: { "sluice.dev/hpa": "2-3" },
        spec: { common: { instance: { spec } } },
      },
    },
    podAnnotations: { "example.com/version": spec },
  });
  await withHelm("install", managed("2c4g"));
  await listening();
  const address = await addressOf("sluice-mse");
  await serves(address);
  await leadsAndCounts("finding-2");
  const before = await podsOf(FLEET);
  await withoutFailure(address, async () => {
    await withHelm("upgrade", managed("4c8g"));
    await rolledOut("sluice-controller");
    await expect
      .poll(() => podsOf(FLEET), PATIENCE)
      .toSatisfy(
        (pods: readonly string[]) => pods.length === 2 && pods.every((pod) => !before.includes(pod)),
      );
    await listening();
  });
  const excused = async () => {
    const rights = rightsOf(shared.cluster, await render(managed("4c8g")));
    return { ...rights, unused: rights.unused.filter((key) => !Object.hasOwn(UNUSED_MANAGED, key)) };
  };
  await expect.poll(excused, PATIENCE).toEqual({ unused: [], ungranted: [], forbidden: [] });
  await uninstalled();
  await expect.poll(left, PATIENCE).toEqual([...KEPT, "secret/sluice-xds-ca"]);
}, 240_000);

const FLEET = "sluice.dev/gateway=mse";

/** HTTP, HTTPS and the ports that clients use, through the address that the cloud gave. */
async function serves(address: string): Promise<void> {
  const { cluster } = shared;
  await expect.poll(() => answerOf(address, "echo.example"), PATIENCE).toMatchObject({ status: 200 });
  expect((await answerOf(address, "echo.example")).seen).toMatchObject({ "x-forwarded-port": "80" });
  expect(await answerOf(address, "other.example")).toMatchObject({ status: 404 });
  await expect
    .poll(() => answerOf(address, "secure.example"), PATIENCE)
    .toMatchObject({ status: 308, location: "https://secure.example/" });
  const published = ["get", "ingress", "echo", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}"];
  await expect.poll(() => cluster.kubectl(published), PATIENCE).toBe(address);
}

/** A finding that goes and comes is told, and counted. */
async function leadsAndCounts(name: string): Promise<void> {
  const { api, kubectl } = shared.cluster;
  const apply = (timeout: string) =>
    api.apply(ingressObject({ name, host: "finding.example", paths: ECHO, annotations: { timeout } }));
  const selector = `regarding.name=${name},reason=AnnotationValue`;
  const path = "jsonpath={.items[*].series.count}/{.items[*].reason}";
  const events = () => kubectl(["get", "events.v1.events.k8s.io", "--field-selector", selector, "-o", path]);
  let isBad = false;
  const toggled = async () => {
    isBad = !isBad;
    await apply(isBad ? "soon" : "5");
    return events();
  };
  // What goes as soon as it comes is not told: half a second.
  await expect.poll(toggled, { ...PATIENCE, interval: 1_000 }).toMatch(/^[2-9]\/AnnotationValue$/);
  await kubectl(["delete", "ingress", name]);
}

/** 100 requests a second, from before the change until after it. */
async function withoutFailure(address: string, change: () => Promise<void>): Promise<void> {
  const load = clientLoop({ address, port: 80, host: "echo.example", perSecond: 100 });
  await expect.poll(load.answered, PATIENCE).toBeGreaterThan(100);
  await change();
  const seen = load.answered();
  await expect.poll(load.answered, PATIENCE).toBeGreaterThan(seen + 100);
  const { failures, keptAlive } = await load.stop();
  expect(failures).toEqual([]);
  expect(keptAlive).toBeGreaterThan(0);
}

function kubeconfig(): { readonly KUBECONFIG: string } {
  return { KUBECONFIG: shared.cluster.kubeconfig };
}

function withHelm(verb: "install" | "upgrade", values: Values): Promise<void> {
  return release(verb, values, shared.cluster.kubeconfig);
}

async function uninstalled(): Promise<void> {
  await helm(["uninstall", "sluice", "--namespace", NAMESPACE, "--wait"], kubeconfig());
}

async function rolledOut(deployment: string): Promise<void> {
  const args = ["rollout", "status", `deployment/${deployment}`, "-n", NAMESPACE, "--timeout=180s"];
  await shared.cluster.kubectl(args);
}

async function listening(): Promise<void> {
  const args = ["wait", "mseingressconfig/mse", "--for=jsonpath={.status.phase}=Listening", "--timeout=60s"];
  await shared.cluster.kubectl(args);
}

async function addressOf(service: string): Promise<string> {
  const path = "jsonpath={.status.loadBalancer.ingress[0].ip}";
  const asked = () => shared.cluster.kubectl(["get", "service", service, "-n", NAMESPACE, "-o", path]);
  await expect.poll(asked, PATIENCE).not.toBe("");
  return asked();
}

async function podsOf(selector: string): Promise<readonly string[]> {
  const text = await shared.cluster.kubectl(["get", "pods", "-n", NAMESPACE, "-l", selector, "-o", "name"]);
  return text.split("\n").filter((line) => line !== "");
}

/** All that is in the namespace of the release, but for what Kubernetes puts into each, and what it has outside. */
async function left(): Promise<string[]> {
  const kinds =
    "deployments,replicasets,pods,services,configmaps,secrets,serviceaccounts,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,roles,rolebindings,leases";
  const clusterKinds =
    "clusterroles,clusterrolebindings,ingressclasses,mseingressconfigs,validatingwebhookconfigurations";
  const selector = "app.kubernetes.io/instance=sluice";
  const { kubectl } = shared.cluster;
  const texts = await Promise.all([
    kubectl(["get", kinds, "-n", NAMESPACE, "-o", "name"]),
    kubectl(["get", clusterKinds, "-l", selector, "-o", "name"]),
  ]);
  const lines = texts.flatMap((text) => text.split("\n"));
  return lines.filter((line) => line !== "" && !KUBERNETES.includes(line)).sort();
}
const KUBERNETES = ["serviceaccount/default", "configmap/kube-root-ca.crt"];
