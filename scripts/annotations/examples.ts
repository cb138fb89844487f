import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Feature } from "../../packages/feature-api/src/index.ts";

export const EXAMPLES = join(import.meta.dirname, "../../docs/annotations/examples");

/** The prefix that the examples use. */
export const PREFIX = "mse.ingress.kubernetes.io/";

/** What stands for `*` in a generated example. */
const PART = "x-user";

/** The Services that all examples may use, as YAML. */
export function exampleServices(): string {
  return readFileSync(join(EXAMPLES, "services.yaml"), "utf8");
}

/**
 * The example of a feature's page, as YAML: the file of its name, which is written by hand, or an Ingress with the examples of all
 * its keys.
 */
export function exampleOf(feature: Feature): string {
  const file = join(EXAMPLES, `${feature.id}.yaml`);
  return existsSync(file) ? readFileSync(file, "utf8") : generated(feature);
}

function generated({ id, keys }: Feature): string {
  const annotations = Object.entries(keys).map(([name, { example }]) => [
    `${PREFIX}${name.replace("*", PART)}`,
    example,
  ]);
  return ingressYaml(id, Object.fromEntries(annotations));
}

/** An Ingress of the host shop.example.com for the Service web. */
function ingressYaml(name: string, annotations: Readonly<Record<string, string>>): string {
  const path = {
    path: "/",
    pathType: "Prefix",
    backend: { service: { name: "web", port: { number: 80 } } },
  };
  const ingress = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: "shop", annotations },
    spec: { ingressClassName: "mse", rules: [{ host: "shop.example.com", http: { paths: [path] } }] },
  };
  return stringify(ingress, { version: "1.1", lineWidth: 0 });
}
