import type { Resource } from "@sluice/model";

/**
 * Makes one RouteConfiguration of one that takes its virtual hosts by VHDS and of these virtual hosts,
 * for clients of the state of the world protocol, which has no VHDS. It must be pure; the virtual hosts
 * come sorted by name.
 */
export type Inline = (routeConfiguration: Resource, virtualHosts: readonly Resource[]) => Resource;

/** `inline`, which remembers its latest result for each RouteConfiguration, so that nodes share the bytes. */
export function cacheInline(inline: Inline): Inline {
  const latest = new Map<string, { readonly inputs: readonly Resource[]; readonly result: Resource }>();
  return (routeConfiguration, virtualHosts) => {
    const inputs = [routeConfiguration, ...virtualHosts];
    const known = latest.get(routeConfiguration.name);
    if (known !== undefined && sameVersions(known.inputs, inputs)) return known.result;
    const result = inline(routeConfiguration, virtualHosts);
    latest.set(routeConfiguration.name, { inputs, result });
    return result;
  };
}

function sameVersions(a: readonly Resource[], b: readonly Resource[]): boolean {
  return (
    a.length === b.length && a.every((one, i) => one.name === b[i]?.name && one.version === b[i]?.version)
  );
}
