import type { Container, FieldSource, Pod } from "./pod.ts";

/** Where a Pod runs. */
export interface Place {
  readonly pod: Pod;
  readonly address: string;
  readonly hostAddress: string;
}

/**
 * The value of a `fieldRef` or `resourceFieldRef`, as text; undefined for what the agent does not know. `container`: the
 * one whose resources are meant when none is named.
 */
export function fieldValue(source: FieldSource, place: Place, container?: Container): string | undefined {
  const { fieldRef, resourceFieldRef } = source;
  if (fieldRef) return fieldOf(fieldRef.fieldPath, place);
  if (resourceFieldRef) return resourceOf(resourceFieldRef, place, container);
  return undefined;
}

function fieldOf(path: string, { pod: { metadata, spec }, address, hostAddress }: Place): string | undefined {
  const [, map, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
  if (map === "labels" || map === "annotations") return metadata[map]?.[key ?? ""] ?? "";
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    // As in a file of a downwardAPI volume; an environment variable may not ask for them.
    "metadata.labels": lines(metadata.labels),
    "metadata.annotations": lines(metadata.annotations),
    "spec.nodeName": spec.nodeName,
    "spec.serviceAccountName": spec.serviceAccountName ?? "default",
    "status.podIP": address,
    "status.podIPs": address,
    "status.hostIP": hostAddress,
    "status.hostIPs": hostAddress,
  };
  return fields[path];
}

function lines(map: Readonly<Record<string, string>> = {}): string {
  return Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}

/** What the node has; a limit that is not set is that. */
const ALLOCATABLE: Readonly<Record<string, string>> = {
  cpu: "64",
  memory: "256Gi",
  "ephemeral-storage": "1Ti",
};

function resourceOf(
  { resource, divisor, containerName }: NonNullable<FieldSource["resourceFieldRef"]>,
  { pod }: Place,
  container?: Container,
): string | undefined {
  const [kind, name = ""] = resource.split(".");
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const spec = containerName === undefined ? container : all.find(({ name }) => name === containerName);
  if (spec === undefined || (kind !== "limits" && kind !== "requests")) return undefined;
  const { limits, requests } = spec.resources ?? {};
  const text =
    kind === "limits" ? (limits?.[name] ?? ALLOCATABLE[name]) : (requests?.[name] ?? limits?.[name] ?? "0");
  const value = quantity(text ?? "0");
  // The default divisor is 1: whole cores or bytes, rounded up.
  const unit = quantity(divisor === undefined || divisor === "0" ? "1" : divisor);
  return String(Math.ceil(value / unit - 1e-9));
}

const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A resource.Quantity as a number; the API server has checked its form. */
function quantity(text: string): number {
  const [, number = "0", suffix = ""] = /^([\d.]+)(\D*)$/.exec(text) ?? [];
  return Number(number) * (SUFFIXES[suffix] ?? 1);
}
