import { createKubeApi, type KubeApi } from "@sluice/kubernetes-api";
import { loadKubeConfig } from "@sluice/kubernetes-api/kube-config";
import {
  AUTHORITY_SECRET,
  type Authority,
  startXdsIdentity,
  type XdsIdentity,
  type XdsIdentityOptions,
} from "@sluice/xds-identity";
import type { KubeObject } from "../cluster/src/objects.ts";
import type { Cluster } from "../cluster/src/start-cluster.ts";
import { SERVER_NAME } from "./rig.ts";

/** The controller's process as far as certificates go. */
export interface Replica {
  readonly identity: XdsIdentity;
  /** What it has logged. */
  readonly messages: readonly string[];
}

export interface SecretObject extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

export type ReplicaOptions = Partial<Omit<XdsIdentityOptions, "api" | "namespace" | "log">> & {
  /** Stands between the replica and the API server. */
  readonly through?: (api: KubeApi) => KubeApi;
};

/** Replicas in a namespace of their own, with the rights that the documentation names, and none besides. */
export class Replicas implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly #kubeconfig: string;
  readonly #ends: (() => Promise<void>)[] = [];

  private constructor(cluster: Cluster, namespace: string, kubeconfig: string) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.#kubeconfig = kubeconfig;
  }

  /** `isAllowed: false`: they may do nothing until {@link allow}. */
  static async of(cluster: Cluster, namespace: string, isAllowed = true): Promise<Replicas> {
    await cluster.api.apply(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "sluice", namespace } },
    );
    const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace });
    const replicas = new Replicas(cluster, namespace, kubeconfig);
    if (isAllowed) await replicas.allow();
    return replicas;
  }

  async allow(): Promise<void> {
    await this.cluster.api.apply(...authorityRole(this.namespace, this.namespace));
  }

  start({ through = (api) => api, ...options }: ReplicaOptions = {}): Replica {
    const messages: string[] = [];
    const log = (fields: object, message: string) =>
      void messages.push(`${message} ${JSON.stringify(fields)}`);
    const api = createKubeApi(() => loadKubeConfig({ file: this.#kubeconfig }));
    const identity = startXdsIdentity({
      api: through(api),
      namespace: this.namespace,
      dnsNames: [SERVER_NAME],
      isLeader: () => true,
      log: { info: log, warn: log },
      ...options,
    });
    this.#ends.push(async () => {
      await identity.close();
      await api.close();
    });
    return { identity, messages };
  }

  get path(): string {
    return `/api/v1/namespaces/${this.namespace}/secrets/${AUTHORITY_SECRET}`;
  }

  secret(): Promise<SecretObject> {
    return this.cluster.api.get(this.path);
  }

  /** Puts an authority into the Secret before there is one. */
  async create(authority: Authority): Promise<void> {
    const { signer, bundle, changedAt } = authority;
    await this.cluster.api.apply({
      apiVersion: "v1",
      kind: "Secret",
      type: "sluice.dev/xds-ca",
      metadata: { name: AUTHORITY_SECRET, namespace: this.namespace },
      stringData: {
        "tls.crt": signer.certificate,
        "tls.key": signer.key,
        "ca.crt": bundle,
        "changed-at": new Date(changedAt).toISOString(),
      },
    } as KubeObject); // A Secret has more fields than any object has.
  }

  /** Changes what the Secret has; `null` takes a key away. Returns it. */
  change(data: Readonly<Record<string, string | null>>): Promise<SecretObject> {
    const encoded = Object.entries(data).map(([key, text]) => [
      key,
      text === null ? null : Buffer.from(text).toString("base64"),
    ]);
    return this.cluster.api.send("PATCH", this.path, {
      body: { data: Object.fromEntries(encoded) },
      contentType: "application/merge-patch+json",
    });
  }

  /** As if the latest step of the rotation had been made so long ago. */
  async age(ms: number): Promise<void> {
    await this.change({ "changed-at": new Date(Date.now() - ms).toISOString() });
  }

  remove(): Promise<void> {
    return this.cluster.api.send("DELETE", this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end();
  }
}

/** What the documentation says that the controller needs for the authority, for the ServiceAccount `sluice` of a namespace. */
export function authorityRole(namespace: string, accountNamespace: string): KubeObject[] {
  const metadata = { name: `xds-authority-${accountNamespace}`, namespace };
  const rules = [
    { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
    {
      apiGroups: [""],
      resources: ["secrets"],
      resourceNames: [AUTHORITY_SECRET],
      verbs: ["get", "watch", "update"],
    },
  ];
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const binding = {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name },
    subjects: [{ kind: "ServiceAccount", name: "sluice", namespace: accountNamespace }],
  };
  // Both have more fields than any object has.
  return [
    { apiVersion, kind: "Role", metadata, rules } as KubeObject,
    { apiVersion, kind: "RoleBinding", metadata, ...binding } as KubeObject,
  ];
}
