import type { Container, Pod } from "./pod.ts";

/**
 * The environment of a container: the machine's PATH, and what the container declares, with `$(NAME)` of earlier ones
 * replaced. Throws for sources that the agent does not have (ConfigMaps, Secrets, fields it does not know).
 */
export function environment(
  container: Container,
  pod: Pod,
  address: string,
  hostAddress: string,
): Record<string, string> {
  const env: Record<string, string> = { PATH: process.env.PATH ?? "" };
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom === undefined) {
      env[name] = expand(value ?? "", env);
      continue;
    }
    const path = valueFrom.fieldRef?.fieldPath ?? "";
    const field = fieldOf(path, pod, address, hostAddress);
    if (field === undefined)
      throw new Error(`the node agent has no value for ${name}: ${JSON.stringify(valueFrom)}`);
    env[name] = field;
  }
  return env;
}

/** Replaces `$(NAME)` of known names and makes `$$` a `$`, as in `command`, `args` and `env` of a container. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name?: string) =>
    name === undefined ? "$" : (env[name] ?? whole),
  );
}

function fieldOf(
  path: string,
  { metadata, spec }: Pod,
  address: string,
  hostAddress: string,
): string | undefined {
  const [, map, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
  if (map === "labels" || map === "annotations") return metadata[map]?.[key ?? ""] ?? "";
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "spec.nodeName": spec.nodeName,
    "spec.serviceAccountName": spec.serviceAccountName ?? "default",
    "status.podIP": address,
    "status.podIPs": address,
    "status.hostIP": hostAddress,
  };
  return fields[path];
}
