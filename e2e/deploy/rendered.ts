import type { ManifestObject } from "./chart.ts";

/** The fields that are read of what the chart makes; the API server has taken it as such in another test. */
export interface Deployment extends ManifestObject {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
}

/** The one Deployment of the chart. */
export function deploymentOf(objects: readonly ManifestObject[]): Deployment {
  const found = objects.find(({ kind }) => kind === "Deployment");
  if (found === undefined) throw new Error("the chart has no Deployment");
  // As above.
  return found as Deployment;
}

/** What a container of the Deployment is started with; empty when it has no arguments. Throws when there is no such container. */
export function argsOf({ spec: { template } }: Deployment, container: string): readonly string[] {
  const { initContainers = [], containers } = template.spec;
  const found = [...initContainers, ...containers].find(({ name }) => name === container);
  if (found === undefined) throw new Error(`the chart has no container ${container}`);
  return found.args ?? [];
}
