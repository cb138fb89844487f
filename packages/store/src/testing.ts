import type { Ingress, Service } from "@sluice/model";

/** A Service for tests. */
export function service(name: string, fields: { type?: string } = {}, line?: number): Service {
  return {
    kind: "Service",
    metadata: { namespace: "default", name, labels: {}, annotations: {} },
    spec: { type: fields.type ?? "ClusterIP", selector: {}, ports: [] },
    ...(line === undefined ? {} : { location: { file: "test.yaml", line, column: 1 } }),
  };
}

/** An Ingress for tests: one rule per host, each with one path to the Service. */
export function ingress(
  name: string,
  fields: { className?: string; hosts?: readonly string[]; service?: string },
): Ingress {
  const backend = { service: { name: fields.service ?? "a", port: { number: 80 } } };
  return {
    kind: "Ingress",
    metadata: { namespace: "default", name, labels: {}, annotations: {} },
    spec: {
      ...(fields.className === undefined ? {} : { ingressClassName: fields.className }),
      rules: (fields.hosts ?? []).map((host) => ({
        host,
        paths: [{ path: "/", pathType: "Prefix", backend }],
      })),
      tls: [],
    },
  };
}
