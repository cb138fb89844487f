import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface BenchBackend {
  readonly address: string;
  readonly port: number;
}

/** The manifest of one application: an Ingress with a host of its own and two paths, its Service and EndpointSlice. */
export function application(
  index: number,
  backend: BenchBackend,
  options: { readonly path?: string; readonly slice?: boolean } = {},
): string {
  const name = `app-${index}`;
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}, namespace: bench, creationTimestamp: "2026-01-01T00:00:00Z" }
spec:
  ingressClassName: mse
  rules:
    - host: ${hostOf(index)}
      http:
        paths:
          - { path: /, pathType: Prefix, backend: { service: { name: ${name}, port: { number: 80 } } } }
          - { path: ${options.path ?? "/api"}, pathType: Prefix, backend: { service: { name: ${name}, port: { number: 80 } } } }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: bench }
spec: { ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
${slice(index, backend)}`;
}

/** The EndpointSlice of an application, with one endpoint. */
export function slice(index: number, { address, port }: BenchBackend): string {
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: app-${index}, namespace: bench, labels: { kubernetes.io/service-name: app-${index} } }
addressType: IPv4
ports: [{ name: http, port: ${port}, protocol: TCP }]
endpoints: [{ addresses: ["${address}"], conditions: { ready: true } }]
`;
}

export function hostOf(index: number): string {
  return `app-${index}.bench.example.com`;
}

/** Writes `n` applications, a file each, in folders of at most 1,000. */
export function writeWorld(folder: string, n: number, backend: BenchBackend): void {
  for (let index = 0; index < n; index++) {
    if (index % 1000 === 0) mkdirSync(join(folder, `part-${index / 1000}`), { recursive: true });
    writeFileSync(fileOf(folder, index), application(index, backend));
  }
}

export function fileOf(folder: string, index: number): string {
  return join(folder, `part-${Math.floor(index / 1000)}`, `app-${index}.yaml`);
}
