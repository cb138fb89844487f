import { stringify } from "yaml";

/** Joins objects into one YAML text, in which texts like `on` are quoted as Kubernetes' YAML 1.1 demands. */
export function yamlOf(...objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { version: "1.1" })).join("---\n");
}

export interface EndpointSpec {
  readonly address?: string;
  readonly port: number;
  /** Default: ready. */
  readonly conditions?: {
    readonly ready?: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
  readonly podName?: string;
}

/** A Service with one port, named http, and an EndpointSlice per port number in use. */
export function service(
  name: string,
  endpoints: readonly EndpointSpec[],
  namespace = "default",
  port = 80,
): object[] {
  const ports = [...new Set(endpoints.map(({ port }) => port))];
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { ports: [{ name: "http", port }], clusterIP: "10.96.0.10" },
    },
    ...ports.map((port) => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${name}-${port}`, namespace, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "http", port, protocol: "TCP" }],
      endpoints: endpoints
        .filter((endpoint) => endpoint.port === port)
        .map(({ address = "127.0.0.1", conditions = { ready: true }, podName }) => ({
          addresses: [address],
          conditions,
          ...(podName === undefined ? {} : { targetRef: { kind: "Pod", name: podName } }),
        })),
    })),
  ];
}

export interface IngressSpec {
  readonly name: string;
  readonly namespace?: string;
  /** Without prefix: `mse.ingress.kubernetes.io/` is added, unless the key has a slash. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly host?: string;
  /** Path → Service, with an optional type; default `{ "/": "echo" }`. */
  readonly paths?: readonly { path: string; service: string; pathType?: string; port?: number | string }[];
  readonly tls?: readonly { hosts: readonly string[]; secretName?: string }[];
  readonly createdAt?: string;
  readonly ingressClass?: string;
  readonly defaultBackend?: string;
}

/** An Ingress of our class. */
export function ingress(spec: IngressSpec): object {
  const annotations = Object.entries(spec.annotations ?? {}).map(([key, value]) => [
    key.includes("/") ? key : `mse.ingress.kubernetes.io/${key}`,
    value,
  ]);
  const paths = (
    spec.paths ?? (spec.defaultBackend === undefined ? [{ path: "/", service: "echo" }] : [])
  ).map(({ path, service: name, pathType = "Prefix", port = 80 }) => ({
    path,
    pathType,
    backend: { service: { name, port: typeof port === "number" ? { number: port } : { name: port } } },
  }));
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name: spec.name,
      namespace: spec.namespace ?? "default",
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
      ...(spec.createdAt === undefined ? {} : { creationTimestamp: spec.createdAt }),
    },
    spec: {
      ingressClassName: spec.ingressClass ?? "mse",
      ...(spec.defaultBackend === undefined
        ? {}
        : { defaultBackend: { service: { name: spec.defaultBackend, port: { number: 80 } } } }),
      ...(paths.length === 0
        ? {}
        : { rules: [{ ...(spec.host === undefined ? {} : { host: spec.host }), http: { paths } }] }),
      ...(spec.tls === undefined ? {} : { tls: spec.tls }),
    },
  };
}

/** A Secret of type kubernetes.io/tls. */
export function tlsSecret(name: string, pair: { chain: string; key: string }, namespace = "default"): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { name, namespace },
    stringData: { "tls.crt": pair.chain, "tls.key": pair.key },
  };
}

/** A Pod with these labels. */
export function pod(name: string, labels: Readonly<Record<string, string>>, namespace = "default"): object {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels } };
}
