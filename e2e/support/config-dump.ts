import type { EnvoyProcess } from "@sluice/envoy";

/**
 * What an Envoy uses, by kind and name, as JSON text: alike for two Envoys that were given the same. Left out is what
 * drains: listeners and filter chains that are gone, and RouteConfigurations that only these use. `volatile` are texts
 * that belong to one gateway, such as its ports.
 */
export async function configDump(
  envoy: EnvoyProcess,
  volatile: readonly string[],
): Promise<Record<string, string>> {
  const { body } = await envoy.admin.get("/config_dump?include_eds");
  const text = volatile.reduce((each, part, index) => each.replaceAll(part, `${index}`), body);
  const { configs } = JSON.parse(text) as { configs: readonly Json[] };
  const found: Record<string, string> = {};
  let listeners = "";
  for (const [section, entry] of configs.flatMap(dynamicEntries)) {
    const state = section === "dynamic_listeners" ? entry.active_state : entry;
    const made = isObject(state) ? Object.values(state).find(isObject) : undefined;
    if (made === undefined) continue;
    if (section === "dynamic_listeners") listeners += JSON.stringify(made);
    if (section === "dynamic_route_configs" && !listeners.includes(`"route_config_name":"${made.name}"`))
      continue;
    const { virtual_hosts: hosts = [], ...rest } = made;
    const name = `${section} ${rest.name ?? rest.cluster_name}`;
    found[name] = JSON.stringify(rest);
    for (const host of hosts as readonly Json[]) found[`${name} ${host.name}`] = JSON.stringify(host);
  }
  return found;
}

type Json = Readonly<Record<string, unknown>>;

function dynamicEntries(config: Json): [section: string, entry: Json][] {
  return Object.entries(config).flatMap(([section, entries]) =>
    section.startsWith("dynamic_") && Array.isArray(entries)
      ? entries.filter(isObject).map((entry): [string, Json] => [section, entry])
      : [],
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
