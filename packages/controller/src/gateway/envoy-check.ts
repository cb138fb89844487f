import { type RefusedResource, type StaticResource, validateResources } from "@sluice/envoy";
import {
  type Diagnostic,
  type KubeObject,
  type ObjectRef,
  objectKey,
  type Resource,
  resourceKey,
} from "@sluice/model";
import { TYPE_URLS, toJson } from "@sluice/protos";

export interface EnvoyCheckInput {
  /** Path of the Envoy to ask. */
  readonly binary: string;
  readonly objects: readonly KubeObject[];
  readonly resources: readonly Resource[];
  /** The resources of a part of the objects. */
  readonly translate: (objects: readonly KubeObject[]) => Promise<readonly Resource[]>;
}

/**
 * Asks an Envoy, without serving anything, which of the resources it refuses, and names the objects behind them. Where
 * several Ingresses shape a refused resource, those are named that make it refused on their own; if none does, all.
 */
export async function checkWithEnvoy(input: EnvoyCheckInput): Promise<readonly Diagnostic[]> {
  const refused = await ask(input.binary, input.resources);
  const found: Diagnostic[] = [];
  const told = new Set<string>();
  for (const { resource, message } of refused)
    for (const object of await culprits(resource.source, input)) {
      // A host is in several tables, and Envoy says the same of each.
      const key = `${object === undefined ? "" : objectKey(object)} ${message}`;
      if (told.has(key)) continue;
      told.add(key);
      found.push(refusal(resource.source, message, object));
    }
  return found;
}

interface Asked extends StaticResource {
  readonly source: Resource;
}

function ask(binary: string, resources: readonly Resource[]): Promise<RefusedResource<Asked>[]> {
  const asked = resources.flatMap((source): Asked[] => {
    const kind = KINDS[source.typeUrl];
    if (kind === undefined) return [];
    // The JSON of a message is an object.
    const body = toJson(source.typeUrl, source.bytes) as Asked["body"];
    return [{ kind, body, source }];
  });
  return validateResources(binary, asked);
}

const KINDS: Readonly<Record<string, StaticResource["kind"]>> = {
  [TYPE_URLS.LISTENER]: "listener",
  [TYPE_URLS.ROUTE_CONFIGURATION]: "routeConfiguration",
  [TYPE_URLS.VIRTUAL_HOST]: "virtualHost",
  [TYPE_URLS.CLUSTER]: "cluster",
  [TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT]: "loadAssignment",
  [TYPE_URLS.SECRET]: "secret",
};

async function culprits(
  resource: Resource,
  input: EnvoyCheckInput,
): Promise<readonly (ObjectRef | undefined)[]> {
  const objects = resource.origins.map(({ object }) => object);
  const ingresses = objects.filter(({ kind }) => kind === "Ingress");
  if (ingresses.length < 2)
    return objects.length === 0 ? [undefined] : ingresses.length === 1 ? ingresses : objects;
  const guilty: ObjectRef[] = [];
  for (const suspect of ingresses)
    if (await isRefusedAlone(suspect, ingresses, resource, input)) guilty.push(suspect);
  return guilty.length > 0 ? guilty : ingresses;
}

async function isRefusedAlone(
  suspect: ObjectRef,
  all: readonly ObjectRef[],
  resource: Resource,
  { binary, objects, translate }: EnvoyCheckInput,
): Promise<boolean> {
  const others = new Set(all.filter((one) => one !== suspect).map(objectKey));
  const left = objects.filter(
    ({ kind, metadata }) =>
      !others.has(objectKey({ kind, namespace: metadata.namespace, name: metadata.name })),
  );
  const same = (await translate(left)).filter((one) => resourceKey(one) === resourceKey(resource));
  return (await ask(binary, same)).length > 0;
}

function refusal(resource: Resource, words: string, object: ObjectRef | undefined): Diagnostic {
  return {
    code: "resource-refused",
    severity: "error",
    ...(object && { origin: { object } }),
    value: resource.name,
    message: `Envoy refuses ${resource.name} (${shortType(resource.typeUrl)}): ${words}`,
    hint: "Running, its last accepted form would stay in force.",
  };
}

function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf(".") + 1);
}
