import { createHash } from "node:crypto";
import type { Resource, ResourceRef } from "@sluice/model";
import { TYPE_URLS } from "../type-urls.ts";

/**
 * Contents of resources in tests without an Envoy: ads passes bytes through, so JSON does as well as protobuf.
 */
export interface Body {
  /** Tells versions apart. */
  readonly v?: number;
  /** The model client refuses it. */
  readonly bad?: boolean;
  /** The model client waits for it to get warm until a timeout. */
  readonly slow?: boolean;
  /** Makes it large. */
  readonly text?: string;
  /** Name of the RouteConfiguration of a listener. */
  readonly routes?: string;
  /** Name of the cluster of a virtual host. */
  readonly cluster?: string;
  /** Inlined virtual hosts by name. */
  readonly hosts?: Readonly<Record<string, Body>>;
}

export function resource(
  typeUrl: string,
  name: string,
  body: Body,
  dependsOn: readonly ResourceRef[] = [],
): Resource {
  const bytes = Buffer.from(JSON.stringify(body));
  const version = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  const object = { kind: "Ingress", namespace: "test", name } as const;
  return { typeUrl, name, bytes, version, origins: [{ object }], dependsOn };
}

export function bodyOf(bytes: Uint8Array): Body {
  // Only bytes of `resource` get here.
  return JSON.parse(Buffer.from(bytes).toString()) as Body;
}

export const ref = {
  cluster: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.CLUSTER, name }),
  endpoints: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, name }),
  routes: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.ROUTE_CONFIGURATION, name }),
  host: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.VIRTUAL_HOST, name }),
  listener: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.LISTENER, name }),
};

export const make = {
  cluster: (name: string, body: Body = {}) => resource(TYPE_URLS.CLUSTER, name, body),
  endpoints: (name: string, body: Body = {}) => resource(TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, name, body),
  listener: (name: string, body: Body = {}) => resource(TYPE_URLS.LISTENER, name, { routes: name, ...body }),
  routes: (name: string, body: Body = {}) => resource(TYPE_URLS.ROUTE_CONFIGURATION, name, body),
  /** `name` is `ROUTECONFIG/HOST`. */
  host: (name: string, cluster: string, body: Body = {}) =>
    resource(TYPE_URLS.VIRTUAL_HOST, name, { cluster, ...body }, [
      ref.cluster(cluster),
      ref.endpoints(cluster),
      ref.routes(name.slice(0, name.lastIndexOf("/"))),
    ]),
};

/** The same resource, of little urgency. */
export function later(urgent: Resource): Resource {
  return { ...urgent, background: true };
}

/** The same resource, in a table that many share. */
export function inShared(own: Resource): Resource {
  return { ...own, shared: true };
}

/** What `xds` does with protobuf. */
export function inline(routeConfiguration: Resource, virtualHosts: readonly Resource[]): Resource {
  const hosts = Object.fromEntries(virtualHosts.map((host) => [host.name, bodyOf(host.bytes)]));
  const { typeUrl, name } = routeConfiguration;
  return { ...resource(typeUrl, name, { ...bodyOf(routeConfiguration.bytes), hosts }), origins: [] };
}
