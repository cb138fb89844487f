import type {
  Endpoint,
  EndpointSlice,
  Endpoints,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressTls,
  ObjectMeta,
  PathType,
  Pod,
  Secret,
  Service,
  ServicePort,
} from "@sluice/model";

/** Kubernetes objects for tests, with what a test does not care about filled in. */

const NAMESPACE = "default";

function meta(name: string, fields: Partial<ObjectMeta> = {}): ObjectMeta {
  return { namespace: NAMESPACE, name, labels: {}, annotations: {}, ...fields };
}

export interface PathFields {
  readonly path?: string;
  readonly pathType?: PathType;
  /** Default `web`; `""`: the backend names no Service. */
  readonly service?: string;
  readonly port?: number | string;
}

export interface IngressFields {
  readonly namespace?: string;
  /** Without prefix: `mse.ingress.kubernetes.io/` is added, unless the key has a slash. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Host → paths; default: one rule for `a.test`. */
  readonly rules?: readonly (readonly [host: string, paths: readonly PathFields[]])[];
  readonly defaultBackend?: string;
  readonly tls?: readonly IngressTls[];
  readonly age?: number;
  /** Default `mse`; undefined: none. */
  readonly ingressClass?: string | undefined;
}

export function ingress(name: string, fields: IngressFields = {}): Ingress {
  const { rules = [["a.test", [{}]]], tls = [], age, defaultBackend } = fields;
  const ingressClass = "ingressClass" in fields ? fields.ingressClass : "mse";
  return {
    kind: "Ingress",
    metadata: meta(name, {
      namespace: fields.namespace ?? NAMESPACE,
      annotations: prefixed(fields.annotations ?? {}),
      ...(age === undefined ? {} : { creationTimestamp: age }),
    }),
    spec: {
      ...(ingressClass === undefined ? {} : { ingressClassName: ingressClass }),
      ...(defaultBackend === undefined ? {} : { defaultBackend: backend(defaultBackend) }),
      rules: rules.map(([host, paths]) => ({
        host,
        paths: paths.map(({ path = "/", pathType = "Prefix", service = "web", port = 80 }) => ({
          path,
          pathType,
          backend: service === "" ? {} : backend(service, port),
        })),
      })),
      tls,
    },
  };
}

function backend(name: string, port: number | string = 80): IngressBackend {
  return { service: { name, port: typeof port === "number" ? { number: port } : { name: port } } };
}

function prefixed(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [
      key.includes("/") ? key : `mse.ingress.kubernetes.io/${key}`,
      value,
    ]),
  );
}

export function ingressClass(name: string, controller: string, isDefault = false): IngressClass {
  const annotations = isDefault ? { "ingressclass.kubernetes.io/is-default-class": "true" } : {};
  return {
    kind: "IngressClass",
    metadata: { namespace: "", name, labels: {}, annotations },
    spec: { controller },
  };
}

/** A Service with one port 80, called `http`, unless said otherwise. */
export function service(
  name: string,
  spec: Partial<Service["spec"]> & { readonly ports?: readonly ServicePort[] } = {},
  namespace = NAMESPACE,
): Service {
  const ports = [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }];
  return {
    kind: "Service",
    metadata: meta(name, { namespace }),
    spec: { type: "ClusterIP", selector: {}, ports, ...spec },
  };
}

/** `ready` unless said otherwise, as Kubernetes reads absent conditions. */
export function endpoint(
  address: string,
  fields: Partial<Endpoint["conditions"]> & { readonly podName?: string; readonly zone?: string } = {},
): Endpoint {
  const { podName, zone, ready = true, serving = ready, terminating = false } = fields;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(podName === undefined ? {} : { podName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

/** A slice of the Service with port `http` at 8080. */
export function slice(
  name: string,
  serviceName: string,
  endpoints: readonly Endpoint[],
  fields: { readonly namespace?: string; readonly ports?: EndpointSlice["ports"] } = {},
): EndpointSlice {
  return {
    kind: "EndpointSlice",
    metadata: meta(name, { namespace: fields.namespace ?? NAMESPACE }),
    serviceName,
    addressType: "IPv4",
    endpoints,
    ports: fields.ports ?? [{ name: "http", port: 8080, protocol: "TCP" }],
  };
}

export function legacyEndpoints(name: string, ips: readonly string[], namespace = NAMESPACE): Endpoints {
  return {
    kind: "Endpoints",
    metadata: meta(name, { namespace }),
    subsets: [
      {
        addresses: ips.map((ip) => ({ ip })),
        notReadyAddresses: [],
        ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      },
    ],
  };
}

export function pod(name: string, labels: Readonly<Record<string, string>>, namespace = NAMESPACE): Pod {
  return { kind: "Pod", metadata: meta(name, { namespace, labels }), podIPs: [] };
}

export function secret(
  name: string,
  data: { readonly chain?: string; readonly key?: string },
  namespace = NAMESPACE,
): Secret {
  return {
    kind: "Secret",
    metadata: meta(name, { namespace }),
    type: "kubernetes.io/tls",
    data: {
      ...(data.chain === undefined ? {} : { "tls.crt": Buffer.from(data.chain) }),
      ...(data.key === undefined ? {} : { "tls.key": Buffer.from(data.key) }),
    },
  };
}
