import { fieldValue, type Place } from "./fields.ts";
import type { Container, EnvVar } from "./pod.ts";

/** The values of a ConfigMap or Secret of the Pod's namespace by key; undefined when there is none. */
export type ReadObject = (
  resource: "configmaps" | "secrets",
  name: string,
) => Promise<ReadonlyMap<string, Uint8Array> | undefined>;

/**
 * The environment of a container: the machine's PATH, and what the container declares, with `$(NAME)` of earlier ones
 * replaced. Rejects for what is missing and not optional, and for fields that the agent does not know.
 */
export async function environment(
  container: Container,
  place: Place,
  read: ReadObject,
): Promise<Record<string, string>> {
  const env: Record<string, string> = { PATH: process.env.PATH ?? "" };
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    const ref = configMapRef ?? secretRef;
    const values = ref && (await read(configMapRef ? "configmaps" : "secrets", ref.name ?? ""));
    if (values === undefined && ref?.optional !== true) throw new Error(`there is no ${ref?.name}`);
    for (const [key, value] of values ?? []) env[prefix + key] = text(value);
  }
  for (const variable of container.env ?? []) {
    const { name, value, valueFrom } = variable;
    const found =
      valueFrom === undefined
        ? expand(value ?? "", env)
        : await fromElsewhere(variable, container, place, read);
    if (found !== undefined) env[name] = found;
  }
  return env;
}

/** Undefined for an optional key that there is not. */
async function fromElsewhere(
  { name, valueFrom = {} }: EnvVar,
  container: Container,
  place: Place,
  read: ReadObject,
): Promise<string | undefined> {
  const { configMapKeyRef, secretKeyRef } = valueFrom;
  const ref = configMapKeyRef ?? secretKeyRef;
  if (ref) {
    const values = await read(configMapKeyRef ? "configmaps" : "secrets", ref.name ?? "");
    const found = values?.get(ref.key);
    if (found === undefined && ref.optional !== true)
      throw new Error(`there is no key ${ref.key} of ${ref.name} for ${name}`);
    return found && text(found);
  }
  const field = fieldValue(valueFrom, place, container);
  if (field === undefined)
    throw new Error(`the node agent has no value for ${name}: ${JSON.stringify(valueFrom)}`);
  return field;
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString("utf8");
}

/** Replaces `$(NAME)` of known names and makes `$$` a `$`, as in `command`, `args` and `env` of a container. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name?: string) =>
    name === undefined ? "$" : (env[name] ?? whole),
  );
}
