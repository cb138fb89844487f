import type { IngressBackend, ServicePortRef } from "@sluice/model";
import { z } from "zod";
import { compact } from "./compact.ts";
import { list, optional, port, portOrName, withDefault } from "./schema-basics.ts";

const portRef = z
  .object({ number: optional(port), name: optional(z.string()) })
  .transform((value, context): ServicePortRef => {
    if (value.number !== undefined) return { number: value.number };
    if (value.name !== undefined) return { name: value.name };
    context.addIssue({ code: "custom", message: "a port, by number or by name" });
    return z.NEVER;
  });

const service = z.object({ name: z.string(), port: portRef });
const resource = z.object({}).nullish();
const BACKEND = "a backend with a service (or a resource)";

const backend = z
  .object({ service: optional(service), resource })
  .refine((value) => value.service !== undefined || value.resource, { error: BACKEND })
  .transform((value): IngressBackend => compact({ service: value.service }));

/** Of `extensions/v1beta1` and `networking.k8s.io/v1beta1`. */
const oldBackend = z
  .object({ serviceName: optional(z.string()), servicePort: optional(portOrName), resource })
  .refine((value) => (value.serviceName !== undefined && value.servicePort !== undefined) || value.resource, {
    error: "a backend with serviceName and servicePort (or a resource)",
  })
  .transform(({ serviceName: name, servicePort }): IngressBackend => {
    if (name === undefined || servicePort === undefined) return {};
    return {
      service: {
        name,
        port: typeof servicePort === "number" ? { number: servicePort } : { name: servicePort },
      },
    };
  });

const pathType = z.enum(["Exact", "Prefix", "ImplementationSpecific"], {
  error: "Exact, Prefix or ImplementationSpecific",
});

function rules(backendSchema: z.ZodType<IngressBackend>) {
  const path = z.object({
    path: withDefault(z.string(), ""),
    pathType: withDefault(pathType, "ImplementationSpecific"),
    backend: backendSchema,
  });
  return list(
    z
      .object({ host: withDefault(z.string(), ""), http: optional(z.object({ paths: list(path) })) })
      .transform(({ host, http }) => ({ host, paths: http?.paths ?? [] })),
  );
}

const tls = list(
  z
    .object({ hosts: list(z.string()), secretName: optional(z.string()) })
    .transform((value) => compact(value)),
);

/** `spec` of an Ingress of `networking.k8s.io/v1`. */
export const ingressSpec = z
  .object({
    ingressClassName: optional(z.string()),
    defaultBackend: optional(backend),
    rules: rules(backend),
    tls,
  })
  .transform((value) => compact(value));

/** `spec` of an Ingress of a beta version. */
export const oldIngressSpec = z
  .object({
    ingressClassName: optional(z.string()),
    backend: optional(oldBackend),
    rules: rules(oldBackend),
    tls,
  })
  .transform(({ backend: defaultBackend, ...rest }) => compact({ ...rest, defaultBackend }));

/** `spec` of an IngressClass. */
export const ingressClassSpec = z.object({
  controller: withDefault(z.string(), ""),
  parameters: optional(
    z
      .object({ apiGroup: optional(z.string()), kind: z.string(), name: z.string() })
      .transform((value) => compact(value)),
  ),
});
