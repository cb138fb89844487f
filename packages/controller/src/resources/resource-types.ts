import { TYPE_URLS } from "@sluice/protos";

/** The resource types as people name them, in the order in which Envoy's documentation has them. */
export const RESOURCE_TYPES: readonly { readonly typeUrl: string; readonly names: readonly string[] }[] = [
  { typeUrl: TYPE_URLS.LISTENER, names: ["lds", "listeners"] },
  { typeUrl: TYPE_URLS.ROUTE_CONFIGURATION, names: ["rds", "routes"] },
  { typeUrl: TYPE_URLS.VIRTUAL_HOST, names: ["vhds", "virtual-hosts"] },
  { typeUrl: TYPE_URLS.CLUSTER, names: ["cds", "clusters"] },
  { typeUrl: TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, names: ["eds", "endpoints"] },
  { typeUrl: TYPE_URLS.SECRET, names: ["sds", "secrets"] },
];

export const RESOURCE_TYPE_NAMES: readonly string[] = RESOURCE_TYPES.flatMap(({ names }) => names);

/** The type URL behind one of {@link RESOURCE_TYPE_NAMES}. */
export function typeUrlOfName(name: string): string | undefined {
  return RESOURCE_TYPES.find(({ names }) => names.includes(name.toLowerCase()))?.typeUrl;
}

/** Of a type URL: its place in {@link RESOURCE_TYPES}, unknown ones last. */
export function typeRank(typeUrl: string): number {
  const rank = RESOURCE_TYPES.findIndex((type) => type.typeUrl === typeUrl);
  return rank === -1 ? RESOURCE_TYPES.length : rank;
}
