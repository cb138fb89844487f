import type { Resource } from "@sluice/model";

/**
 * Makes one RouteConfiguration of one that takes its virtual hosts by VHDS and of these virtual hosts,
 * for clients of the state of the world protocol, which has no VHDS. It must be pure; the virtual hosts
 * come sorted by name.
 */
export type Inline = (routeConfiguration: Resource, virtualHosts: readonly Resource[]) => Resource;

/**
 * `inline`, which remembers its latest result for each RouteConfiguration, so that nodes share the bytes. It goes with
 * the RouteConfiguration, and nodes of different worlds do not push out each other's.
 */
export function cacheInline(inline: Inline): Inline {
  const latest = new WeakMap<Resource, { readonly hosts: readonly Resource[]; readonly result: Resource }>();
  return (routeConfiguration, virtualHosts) => {
    const known = latest.get(routeConfiguration);
    if (known !== undefined && sameVersions(known.hosts, virtualHosts)) return known.result;
    const result = inline(routeConfiguration, virtualHosts);
    latest.set(routeConfiguration, { hosts: virtualHosts, result });
    return result;
  };
}

function sameVersions(a: readonly Resource[], b: readonly Resource[]): boolean {
  return (
    a.length === b.length && a.every((one, i) => one.name === b[i]?.name && one.version === b[i]?.version)
  );
}
