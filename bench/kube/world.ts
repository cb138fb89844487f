import type { KubeObject } from "../../e2e/cluster/src/objects.ts";
import { backend, ingressObject, secretObject } from "../../e2e/kubernetes/objects.ts";
import { selfSigned } from "../../e2e/support/certificate.ts";

/** Where the objects are. */
export const NAMESPACE = "default";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export type Scheme = "http" | "https";

export function nameOf(scheme: Scheme, index: number): string {
  return `${scheme}-${index}`;
}

export function hostOf(scheme: Scheme, index: number): string {
  return `${nameOf(scheme, index)}.bench.example.com`;
}

/** The rules of an application: two paths, of which the second is what changes change. */
export function rulesOf(scheme: Scheme, index: number, path: string): object[] {
  return ingressOf(scheme, index, path).spec.rules;
}

/** An application: an Ingress with a host of its own, a Service, an EndpointSlice with one endpoint; for https a certificate. */
export async function application(scheme: Scheme, index: number, address: Address): Promise<KubeObject[]> {
  const name = nameOf(scheme, index);
  const certificate =
    scheme === "https" ? [secretObject(name, await selfSigned([hostOf(scheme, index)]))] : [];
  const services = backend(name, address).map((object) =>
    // An address of its own would cost the API server two more objects, and is not read.
    object.kind === "Service" ? withoutAddress(object) : object,
  );
  return [...certificate, ...services, ingressOf(scheme, index, "/api")];
}

function withoutAddress(service: KubeObject): KubeObject {
  // The maker of Services has put a specification there.
  const { spec } = service as KubeObject & { spec: object };
  const headless = { ...service, spec: { ...spec, clusterIP: "None" } };
  return headless;
}

function ingressOf(scheme: Scheme, index: number, path: string): KubeObject & { spec: { rules: object[] } } {
  const name = nameOf(scheme, index);
  const host = hostOf(scheme, index);
  const object = ingressObject({
    name,
    host,
    paths: [
      { path: "/app", service: name },
      { path, service: name },
    ],
    ...(scheme === "https" ? { tls: [{ hosts: [host], secretName: name }] } : {}),
  });
  // The maker of Ingresses has put the rules there.
  return object as KubeObject & { spec: { rules: object[] } };
}
