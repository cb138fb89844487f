import type { JsonObject, StaticResource } from "@sluice/envoy";
import type { Resource } from "@sluice/model";
import { type ResourceTypeUrl, TYPE_URLS, toJson } from "@sluice/protos";
import { expect } from "vitest";

/** The place in a configuration by type of resource. */
export const KINDS: Readonly<Partial<Record<ResourceTypeUrl, StaticResource["kind"]>>> = {
  [TYPE_URLS.LISTENER]: "listener",
  [TYPE_URLS.CLUSTER]: "cluster",
  [TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT]: "loadAssignment",
  [TYPE_URLS.SECRET]: "secret",
  [TYPE_URLS.VIRTUAL_HOST]: "virtualHost",
  [TYPE_URLS.ROUTE_CONFIGURATION]: "routeConfiguration",
};

export type Named = StaticResource & { readonly resource: Resource };

/** Under a name, and on a port, of its own: all of one kind share a configuration here. */
export function named(resource: Resource, index: number): Named {
  const [typeUrl, kind] =
    Object.entries(KINDS).find(([url]) => url === resource.typeUrl) ?? expect.unreachable(resource.typeUrl);
  // A message is an object in JSON.
  const body = toJson(typeUrl, resource.bytes, { redact: false }) as JsonObject;
  const own = {
    [kind === "loadAssignment" ? "clusterName" : "name"]: `n${index}`,
    ...(kind === "listener" && {
      address: { socketAddress: { address: "127.0.0.1", portValue: 1000 + index } },
    }),
  };
  return { kind, body: { ...body, ...own }, resource };
}
