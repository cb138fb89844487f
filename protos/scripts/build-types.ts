import type { Descriptor, FieldDescriptor } from "../src/descriptor.ts";

const SCALARS: Readonly<Record<string, string>> = {
  string: "string",
  bool: "boolean",
  bytes: "Uint8Array",
  double: "number",
  float: "number",
  int32: "number",
  uint32: "number",
  sint32: "number",
  fixed32: "number",
  sfixed32: "number",
  int64: "number | string",
  uint64: "number | string",
  sint64: "number | string",
  fixed64: "number | string",
  sfixed64: "number | string",
};

/** Names that a message must not take, since the generated file uses them. */
const TAKEN = new Set(["Record", "Uint8Array", "Messages"]);

export interface Naming {
  readonly packagePrefixes: Readonly<Record<string, string>>;
  readonly messageNames: Readonly<Record<string, string>>;
}

/**
 * A declaration file with an interface for each message, a union of literals for each enum, and `Messages`,
 * which maps full names to interfaces. Throws on two types with one name, so that `own/aliases.ts` is mended.
 */
export function buildTypes(descriptor: Descriptor, naming: Naming): string {
  const names = shortNames([...Object.keys(descriptor.messages), ...Object.keys(descriptor.enums)], naming);
  const nameOf = (full: string): string => {
    const name = names.get(full);
    if (name === undefined) throw new Error(`${full} is not in the descriptor`);
    return name;
  };
  const lines = ["// Written by scripts/generate.ts. Do not edit.", ""];
  for (const [full, values] of Object.entries(descriptor.enums)) {
    const union = Object.keys(values).map((value) => JSON.stringify(value));
    lines.push(`/** \`${full}\` */`, `export type ${nameOf(full)} = ${union.join(" | ")};`);
  }
  for (const [full, message] of Object.entries(descriptor.messages)) {
    lines.push(`/** \`${full}\` */`, `export interface ${nameOf(full)} {`);
    for (const field of message.fields)
      lines.push(`  ${field.name}?: ${fieldType(field, nameOf)} | undefined;`);
    lines.push("}");
  }
  lines.push("/** Full names and their messages. */", "export interface Messages {");
  for (const full of Object.keys(descriptor.messages))
    lines.push(`  ${JSON.stringify(full)}: ${nameOf(full)};`);
  lines.push("}", "/** Full names of services. */", "export type ServiceName =");
  lines.push(
    `  | ${Object.keys(descriptor.services)
      .map((name) => JSON.stringify(name))
      .join(" | ")};`,
  );
  return `${lines.join("\n")}\n`;
}

function fieldType(field: FieldDescriptor, nameOf: (full: string) => string): string {
  const type = field.kind === "scalar" ? SCALARS[field.type] : nameOf(field.type);
  if (type === undefined) throw new Error(`unknown type ${field.type}`);
  if (field.key !== undefined) return `Record<string, ${type}>`;
  if (field.repeated) return type.includes(" ") ? `readonly (${type})[]` : `readonly ${type}[]`;
  return type;
}

function shortNames(all: readonly string[], naming: Naming): ReadonlyMap<string, string> {
  const users = new Map<string, number>();
  for (const full of all) users.set(bareName(full), (users.get(bareName(full)) ?? 0) + 1);
  const result = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const full of all) {
    const bare = bareName(full);
    const prefix = users.get(bare) === 1 ? "" : naming.packagePrefixes[packageOf(full)];
    if (prefix === undefined) throw new Error(`${full} shares its name: add its package to own/aliases.ts`);
    const name = naming.messageNames[full] ?? prefix + bare;
    const owner = owners.get(name);
    if (owner !== undefined || TAKEN.has(name)) {
      throw new Error(`${full} and ${owner ?? "TypeScript"} are both called ${name}: mend own/aliases.ts`);
    }
    owners.set(name, full);
    result.set(full, name);
  }
  return result;
}

function bareName(full: string): string {
  return full
    .split(".")
    .filter((part) => /^[A-Z]/.test(part))
    .join("_");
}

function packageOf(full: string): string {
  return full
    .split(".")
    .filter((part) => !/^[A-Z]/.test(part))
    .join(".");
}
