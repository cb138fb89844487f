import { TYPE_URLS } from "@sluice/protos";

export { TYPE_URLS };

/**
 * Order in which types are offered to a node when several could be sent at once: what is referred to
 * before what refers, as the xDS documentation recommends ("Eventual consistency considerations").
 * The order is a courtesy; what makes changes safe is the gate on acceptance.
 */
export const TYPE_ORDER: readonly string[] = [
  TYPE_URLS.CLUSTER,
  TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT,
  TYPE_URLS.SECRET,
  TYPE_URLS.LISTENER,
  TYPE_URLS.ROUTE_CONFIGURATION,
  TYPE_URLS.VIRTUAL_HOST,
];

/**
 * Types whose first request without names means "everything": LDS and CDS by the specification, VHDS
 * because Envoy asks for virtual hosts by namespace and names none in its first request.
 */
const WILDCARD_TYPES: ReadonlySet<string> = new Set([
  TYPE_URLS.CLUSTER,
  TYPE_URLS.LISTENER,
  TYPE_URLS.VIRTUAL_HOST,
]);

/** Whether a request without names subscribes to every resource of the type. */
export function isWildcardType(typeUrl: string): boolean {
  return WILDCARD_TYPES.has(typeUrl);
}

/**
 * Whether a client compares what it is sent under a name with what it was sent last, refused or not, and accepts an
 * equal one unseen. So Envoy does with secrets: one that was refused among others is accepted when it comes again,
 * alone. It has to be alone the first time.
 */
export function isAcceptedUnseen(typeUrl: string): boolean {
  return typeUrl === TYPE_URLS.SECRET;
}
