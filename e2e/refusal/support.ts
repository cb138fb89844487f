import { ingress } from "../support/manifests.ts";
import type { TestGateway } from "../support/test-gateway.ts";

/** An Ingress of which the answers tell the revision, so that one sees whether a change of it is live. */
export function revised(revision: string): Record<string, string> {
  return { "response-header-control-update": `x-revision ${revision}` };
}

/** The good Ingress of this index, on a host of its own. */
export function good(index: number, revision: string): object {
  return ingress({
    name: `good${index}`,
    host: `good${index}.example.com`,
    paths: [{ path: "/", service: "good" }],
    annotations: revised(revision),
  });
}

/** The revision that answers, or the status of an answer of the gateway's own. */
export async function revisionAt(gateway: TestGateway, host: string, path = "/"): Promise<string | number> {
  const { status, headers } = await gateway.request({ host, path });
  return status === 200 ? String(headers["x-revision"] ?? "none") : status;
}

/** Names of objects in quarantine, whether isolated or behind a resource that is withheld. */
export function quarantined({ gateway: { controlPlane } }: TestGateway): string[] {
  const resources = controlPlane.renderings().flatMap(({ world }) => world.quarantine());
  const names = [
    ...controlPlane.isolation.entries().map(({ object }) => object.name),
    ...resources.flatMap(({ origins }) => origins.map(({ object }) => object.name)),
  ];
  return [...new Set(names)].sort();
}

/** What the diagnostics say of refusals, by name of the object. */
export function refusals({ gateway: { controlPlane } }: TestGateway): Record<string, string> {
  const found = controlPlane.diagnostics().filter(({ code }) => code === "resource-refused");
  return Object.fromEntries(found.map(({ origin, message }) => [origin?.object.name, message]));
}
