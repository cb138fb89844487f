import { createLogger, type Gateway, Settings, startGateway } from "@sluice/controller";
import { expect, onTestFinished, test } from "vitest";
import { useCluster } from "../cluster/use-cluster.ts";
import { backend, gatewayRole, ingressObject } from "../kubernetes/objects.ts";

const shared = useCluster({ controllerManager: false });

/** By key: the version, which is the hash of the bytes. */
function versions({ controlPlane }: Gateway): Record<string, string> {
  const resources = controlPlane.renderings().flatMap((rendering) => [...rendering.resources]);
  return Object.fromEntries(
    resources.map(([key, { version }]) => [key, version] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

test("two replicas share a default certificate that the first one makes, and serve the same bytes", async () => {
  const { cluster } = shared;
  const mayCreate = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "sluice-own" },
    rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["create"] }],
  };
  const bound = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: "sluice-own" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "sluice-own" },
    subjects: [{ kind: "ServiceAccount", name: "sluice", namespace: "default" }],
  };
  await cluster.api.apply(
    ...gatewayRole("sluice"),
    mayCreate,
    bound,
    ...backend("web", { host: "10.244.7.7", port: 8080 }),
    ingressObject({ name: "shop", host: "shop.test", paths: [{ path: "/", service: "web" }] }),
  );
  const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace: "default" });
  const start = async (): Promise<Gateway> => {
    const gateway = await startGateway({
      paths: [],
      settings: Settings.parse({ kube: true, kubeconfig, namespace: "default" }),
      xdsAddress: "127.0.0.1:0",
      logger: createLogger("silent"),
    });
    onTestFinished(() => gateway.stop());
    await gateway.store.whenSynced();
    return gateway;
  };
  const replicas = await Promise.all([start(), start()]);
  const secret = (gateway: Gateway) => gateway.store.get("Secret", "default", "sluice-default-certificate");
  for (const gateway of replicas) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => (secret(gateway) === undefined ? undefined : resolve());
    gateway.store.onApplied(check);
    check();
    await promise;
  }
  const [one, other] = replicas.map(versions);
  expect(Object.keys(one ?? {})).toContainEqual(expect.stringMatching(/shop\.test$/));
  expect(other).toEqual(one);
  const chains = replicas.map(({ controlPlane }) => controlPlane.model.certificates.get("default")?.chain);
  expect(chains.map((chain) => Buffer.from(chain ?? []).toString())).toEqual(
    replicas.map((gateway) => Buffer.from(secret(gateway)?.data["tls.crt"] ?? []).toString()),
  );
});
