import type { KubeObject } from "../cluster/src/objects.ts";
import { type IngressSpec, ingress, tlsSecret } from "../support/manifests.ts";

/** A Service without a selector, and its EndpointSlice with one endpoint: pods that no controller minds. */
export function backend(
  name: string,
  endpoint: { readonly host: string; readonly port: number },
): KubeObject[] {
  return [
    typed({ apiVersion: "v1", kind: "Service", metadata: { name }, spec: { ports: [PORT] } }),
    slice(name, endpoint),
  ];
}

const PORT = { name: "http", port: 80 };

/** The EndpointSlice of {@link backend} alone. */
export function slice(
  service: string,
  endpoint: { readonly host: string; readonly port: number },
): KubeObject {
  return typed({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${service}-1`, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    ports: [{ name: "http", port: endpoint.port, protocol: "TCP" }],
    endpoints: [{ addresses: [endpoint.host], conditions: { ready: true } }],
  });
}

export function ingressObject(spec: IngressSpec): KubeObject {
  return typed(ingress(spec));
}

export function secretObject(name: string, pair: { chain: string; key: string }): KubeObject {
  return typed(tlsSecret(name, pair));
}

/** What the gateway may do: as narrow as it can be, and without `list` on Secrets. */
export function gatewayRole(serviceAccount: string): KubeObject[] {
  const metadata = { name: serviceAccount };
  const readOnly = ["list", "watch"];
  return [
    typed({ apiVersion: "v1", kind: "ServiceAccount", metadata }),
    typed({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata,
      rules: [
        { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "ingressclasses"], verbs: readOnly },
        { apiGroups: [""], resources: ["services", "namespaces", "pods"], verbs: readOnly },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: readOnly },
        { apiGroups: ["mse.alibabacloud.com"], resources: ["mseingressconfigs"], verbs: readOnly },
        { apiGroups: [""], resources: ["secrets", "configmaps"], verbs: ["get", "watch"] },
        { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["patch"] },
        { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
        {
          apiGroups: ["coordination.k8s.io"],
          resources: ["leases"],
          verbs: ["get", "create", "update", "list", "watch", "patch", "delete"],
        },
      ],
    }),
    typed({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: serviceAccount },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount, namespace: "default" }],
    }),
  ];
}

function typed(object: object): KubeObject {
  // All of the above, and what the makers of manifests return, have these fields.
  return object as KubeObject;
}
