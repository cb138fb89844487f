import type { Kind, KubeObject } from "@sluice/model";
import { z } from "zod";
import { label, metadata, subdomain, withDefault } from "./schema-basics.ts";
import { configMap, secret } from "./schema-data.ts";
import { endpointSlice, endpoints, pod, serviceSpec } from "./schema-endpoints.ts";
import { ingressClassSpec, ingressSpec, oldIngressSpec } from "./schema-ingress.ts";

type Metadata = z.infer<typeof metadata>;
/** An object as narrowed, its metadata not yet in the form of the model. */
type WithoutMetadata<T> = T extends KubeObject ? Omit<T, "metadata" | "location"> : never;
export type Narrowed = { readonly metadata: Metadata; readonly body: WithoutMetadata<KubeObject> };

/** How one kind of one API version is read. */
export interface KindReader {
  readonly kind: Kind;
  readonly schema: z.ZodType<Narrowed>;
  /** What replaces this version, if Kubernetes does not serve it any more. */
  readonly replacedBy?: string;
}

const withMetadata = <T extends z.ZodRawShape>(shape: T) => z.object({ metadata, ...shape });

const ingress = (spec: typeof ingressSpec | typeof oldIngressSpec): z.ZodType<Narrowed> =>
  z.object({ metadata, spec: spec.nullish() }).transform((value) => ({
    metadata: value.metadata,
    body: { kind: "Ingress" as const, spec: value.spec ?? { rules: [], tls: [] } },
  }));

const ingressClass: z.ZodType<Narrowed> = withMetadata({
  spec: withDefault(ingressClassSpec, { controller: "", parameters: undefined }),
}).transform(({ metadata: meta, spec: { controller, parameters } }) => ({
  metadata: meta,
  body: { kind: "IngressClass" as const, spec: { controller, ...(parameters ? { parameters } : {}) } },
}));

const service: z.ZodType<Narrowed> = withMetadata({ spec: serviceSpec }).transform((value) => ({
  metadata: value.metadata,
  body: { kind: "Service" as const, spec: value.spec },
}));

const slice: z.ZodType<Narrowed> = endpointSlice
  .extend({ metadata })
  .transform(({ metadata: meta, ...rest }) => ({
    metadata: meta,
    body: {
      kind: "EndpointSlice" as const,
      serviceName: meta.labels["kubernetes.io/service-name"] ?? "",
      ...rest,
    },
  }));

const plainEndpoints: z.ZodType<Narrowed> = endpoints
  .extend({ metadata })
  .transform(({ metadata: meta, subsets }) => ({
    metadata: meta,
    body: { kind: "Endpoints" as const, subsets },
  }));

const podObject: z.ZodType<Narrowed> = pod.extend({ metadata }).transform(({ metadata: meta, status }) => {
  const ips = status?.podIPs.map(({ ip }) => ip) ?? [];
  const podIPs = ips.length > 0 || status?.podIP === undefined ? ips : [status.podIP];
  return { metadata: meta, body: { kind: "Pod" as const, podIPs } };
});

const secretObject: z.ZodType<Narrowed> = z
  .intersection(z.object({ metadata }), secret)
  .transform(({ metadata: meta, type, data }) => ({
    metadata: meta,
    body: { kind: "Secret" as const, type, data },
  }));

const configMapObject: z.ZodType<Narrowed> = configMap
  .extend({ metadata })
  .transform(({ metadata: meta, data }) => ({
    metadata: meta,
    body: { kind: "ConfigMap" as const, data },
  }));

const namespaceObject: z.ZodType<Narrowed> = withMetadata({}).transform((value) => ({
  metadata: value.metadata,
  body: { kind: "Namespace" as const },
}));

const mseIngressConfig: z.ZodType<Narrowed> = withMetadata({
  spec: withDefault(z.record(z.string(), z.unknown()), {}),
  // Never a reason to refuse an object: it is not the user's.
  status: z
    .object({ lastGood: z.record(z.string(), z.unknown()).optional() })
    .nullish()
    .catch(undefined),
}).transform(({ metadata, spec, status }) => ({
  metadata,
  body: {
    kind: "MseIngressConfig" as const,
    spec,
    ...(status?.lastGood !== undefined && { lastGood: status.lastGood }),
  },
}));

const INGRESS_V1 = "networking.k8s.io/v1";

/** Readers by `apiVersion kind`. */
const READERS: Readonly<Record<string, KindReader>> = {
  "networking.k8s.io/v1 Ingress": { kind: "Ingress", schema: ingress(ingressSpec) },
  "networking.k8s.io/v1beta1 Ingress": {
    kind: "Ingress",
    schema: ingress(oldIngressSpec),
    replacedBy: INGRESS_V1,
  },
  "extensions/v1beta1 Ingress": { kind: "Ingress", schema: ingress(oldIngressSpec), replacedBy: INGRESS_V1 },
  "networking.k8s.io/v1 IngressClass": { kind: "IngressClass", schema: ingressClass },
  "networking.k8s.io/v1beta1 IngressClass": {
    kind: "IngressClass",
    schema: ingressClass,
    replacedBy: INGRESS_V1,
  },
  "v1 Service": { kind: "Service", schema: service },
  "discovery.k8s.io/v1 EndpointSlice": { kind: "EndpointSlice", schema: slice },
  "discovery.k8s.io/v1beta1 EndpointSlice": {
    kind: "EndpointSlice",
    schema: slice,
    replacedBy: "discovery.k8s.io/v1",
  },
  "v1 Endpoints": { kind: "Endpoints", schema: plainEndpoints },
  "v1 Pod": { kind: "Pod", schema: podObject },
  "v1 Secret": { kind: "Secret", schema: secretObject },
  "v1 ConfigMap": { kind: "ConfigMap", schema: configMapObject },
  "v1 Namespace": { kind: "Namespace", schema: namespaceObject },
};

/** The reader of a kind, or nothing if Sluice does not read that kind or that version of it. */
export function readerOf(apiVersion: string, kind: string): KindReader | undefined {
  if (kind === "MseIngressConfig" && /^mse\.alibabacloud\.com\/v[a-z0-9]+$/.test(apiVersion)) {
    return { kind: "MseIngressConfig", schema: mseIngressConfig };
  }
  const key = `${apiVersion} ${kind}`;
  return Object.hasOwn(READERS, key) ? READERS[key] : undefined;
}

/** Whether a text can be the name of an object. */
export function isName(text: unknown): text is string {
  return subdomain.safeParse(text).success;
}

/** Whether a text can be the name of a namespace. */
export function isLabel(text: unknown): text is string {
  return label.safeParse(text).success;
}
