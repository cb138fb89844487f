import {
  type Acceptance,
  type DataPlane,
  type DataPlaneOptions,
  DEFAULT_ENVOY_IMAGE,
  type ManagedGateway,
  startDataPlane,
} from "@sluice/data-plane";
import { createKubeApi } from "@sluice/kubernetes-api";
import { loadKubeConfig } from "@sluice/kubernetes-api/kube-config";
import { DEFAULT_GATEWAY_SETTINGS, type MseIngressConfig } from "@sluice/model";
import { CRD_NAME, dataPlane, gatewayDefinition, mseIngressConfigCrd } from "@sluice/mse-ingress-config";
import { startXdsIdentity } from "@sluice/xds-identity";
import { expect, onTestFinished } from "vitest";
import type { KubeObject } from "../cluster/src/objects.ts";
import type { Cluster } from "../cluster/src/start-cluster.ts";

/** An object as kubectl prints it, with what tests look at. */
export interface Printed extends KubeObject {
  readonly metadata: KubeObject["metadata"] & {
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
    }[];
  };
  readonly spec: Record<string, never>;
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly observedGeneration?: number;
    readonly lastGood?: unknown;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message: string;
    }[];
  };
}

type Spec = Readonly<Record<string, unknown>>;

export const NAMESPACE = "sluice-system";

export async function prepareCluster(cluster: Cluster): Promise<void> {
  await cluster.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(mseIngressConfigCrd()));
  await cluster.kubectl(["wait", "--for=condition=Established", "--timeout=60s", `crd/${CRD_NAME}`]);
  await cluster.kubectl(["create", "namespace", NAMESPACE]);
}

/** A controller's data plane, without the rest of the controller. */
export interface FleetBench {
  readonly dataPlane: DataPlane;
  /** What the data plane said in warnings. */
  readonly warnings: readonly object[];
  /** Applies a MseIngressConfig, and tells the data plane as the controller would. */
  apply(name: string, spec: Spec, annotations?: Record<string, string>): Promise<void>;
  remove(name: string): Promise<void>;
  get(kind: string, name: string): Promise<Printed>;
  /** Names of the objects of a gateway, as `Kind/name`, sorted. */
  objects(gateway: string): Promise<readonly string[]>;
  status(gateway: string): Promise<Printed["status"]>;
}

export interface FleetBenchOptions {
  readonly user?: string;
  readonly namespace?: string;
  readonly acceptance?: (gateway: string) => Acceptance;
  readonly isLeader?: () => boolean;
}

const KINDS = "serviceaccount,configmap,secret,pdb,service,deployment,hpa";

export async function startFleetBench(
  cluster: Cluster,
  options: FleetBenchOptions = {},
): Promise<FleetBench> {
  const { namespace = NAMESPACE } = options;
  const file =
    options.user === undefined ? cluster.kubeconfig : await cluster.kubeconfigFor({ user: options.user });
  const [api, admin] = [file, cluster.kubeconfig].map((each) =>
    createKubeApi(() => loadKubeConfig({ file: each })),
  );
  if (api === undefined || admin === undefined) throw new Error("two clients were made");
  const issuer = startXdsIdentity({
    api: admin,
    namespace: NAMESPACE,
    dnsNames: ["sluice-controller.sluice-system.svc"],
    isLeader: () => true,
  });
  const warnings: object[] = [];
  const made: DataPlaneOptions = {
    api,
    settings: {
      namespace,
      image: DEFAULT_ENVOY_IMAGE,
      xdsAddress: "sluice-controller.sluice-system.svc:15010",
      xdsServerName: "sluice-controller.sluice-system.svc",
      settleSeconds: 1,
    },
    issuer,
    acceptance: options.acceptance ?? (() => ({ nodes: 0, listening: 0 })),
    isLeader: options.isLeader ?? (() => true),
    log: { info: () => {}, warn: (fields, message) => void warnings.push({ ...fields, message }) },
  };
  const fleets = startDataPlane(made);
  onTestFinished(async () => {
    await fleets.close();
    await issuer.close();
    await Promise.all([api.close(), admin.close()]);
  });
  const get = async (kind: string, name: string): Promise<Printed> =>
    // What the API server says of the kinds that tests ask for.
    JSON.parse(await cluster.kubectl(["get", kind, name, "-n", namespace, "-o", "json"])) as Printed;
  return {
    dataPlane: fleets,
    warnings,
    get,
    async apply(name, spec, annotations = {}) {
      const object = {
        apiVersion: "mse.alibabacloud.com/v1alpha1",
        kind: "MseIngressConfig",
        metadata: { name, annotations },
        spec,
      };
      await cluster.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(object));
      fleets.set(managedGateway(name, spec));
    },
    async remove(name) {
      await cluster.kubectl(["delete", "mseingressconfig", name]);
      fleets.delete(name);
    },
    async objects(gateway) {
      const found = await cluster.kubectl([
        "get",
        KINDS,
        "-n",
        namespace,
        "-l",
        `sluice.dev/gateway=${gateway}`,
        "-o",
        "name",
      ]);
      return found
        .split("\n")
        .filter((each) => each !== "")
        .sort();
    },
    status: async (gateway) => (await get("mseingressconfig", gateway)).status,
  };
}

/** What the controller makes of a MseIngressConfig. */
function managedGateway(name: string, spec: Spec): ManagedGateway {
  const config: MseIngressConfig = {
    kind: "MseIngressConfig",
    metadata: { namespace: "", name, labels: {}, annotations: {} },
    spec,
  };
  const { definition, diagnostics, failed } = gatewayDefinition(config, DEFAULT_GATEWAY_SETTINGS);
  const needs = dataPlane(config);
  if (definition === undefined || needs === undefined)
    throw new Error(`the spec of ${name} defines no gateway`);
  const bad = diagnostics.filter(({ severity }) => severity === "error");
  return {
    definition,
    needs,
    spec,
    ...(failed !== undefined && { failed }),
    badKeys: bad.flatMap(({ key }) => key ?? []),
  };
}

/** Polls until the matcher holds. */
export function eventually<T>(look: () => Promise<T>) {
  return expect.poll(look, { timeout: 90_000, interval: 200 });
}
