import { TYPE_URLS } from "@sluice/protos";

/** A resource type by the names that people use. */
export interface ResourceType {
  /** As in `/debug/resources/{type}` and in the labels of metrics. */
  readonly name: string;
  /** The name of its discovery service. */
  readonly service: string;
  readonly typeUrl: string;
}

/** In the order in which a request meets them. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  { name: "listeners", service: "lds", typeUrl: TYPE_URLS.LISTENER },
  { name: "routes", service: "rds", typeUrl: TYPE_URLS.ROUTE_CONFIGURATION },
  { name: "virtual-hosts", service: "vhds", typeUrl: TYPE_URLS.VIRTUAL_HOST },
  { name: "clusters", service: "cds", typeUrl: TYPE_URLS.CLUSTER },
  { name: "endpoints", service: "eds", typeUrl: TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT },
  { name: "secrets", service: "sds", typeUrl: TYPE_URLS.SECRET },
];

/** The type of this name or discovery service. */
export function findResourceType(word: string): ResourceType | undefined {
  return RESOURCE_TYPES.find(({ name, service }) => word === name || word === service);
}

/** The name of a type for people: `clusters`. A type URL that is none of ours is its own name. */
export function typeName(typeUrl: string): string {
  return RESOURCE_TYPES.find((type) => type.typeUrl === typeUrl)?.name ?? typeUrl;
}
