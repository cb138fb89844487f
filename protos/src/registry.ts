import descriptor from "../gen/descriptor.js";
import type { Messages, ServiceName } from "../gen/types.js";
import type { FieldDescriptor, MethodDescriptor } from "./descriptor.ts";

const TYPE_URL_PREFIX = "type.googleapis.com/";

/** Full name of a message, as `envoy.config.route.v3.Route`. */
export type MessageName = keyof Messages;

/** Type URL of a message, as `type.googleapis.com/envoy.config.route.v3.Route`. */
export type TypeUrl = `type.googleapis.com/${MessageName}`;

/** The type of a message by full name or type URL; any object when the name is known only at run time. */
export type MessageOf<T extends string> = T extends keyof Messages
  ? Messages[T]
  : T extends `type.googleapis.com/${infer Name extends keyof Messages}`
    ? Messages[Name]
    : object;

/** A message type, made ready for coding on first use. */
export interface MessageInfo {
  readonly name: string;
  readonly fields: readonly FieldInfo[];
  readonly byName: ReadonlyMap<string, FieldInfo>;
  readonly byId: ReadonlyMap<number, FieldInfo>;
  readonly requiredOneofs: ReadonlyArray<readonly [name: string, members: readonly string[]]>;
}

export interface FieldInfo extends FieldDescriptor {
  /** Full name of the message, a dot, and the name of the field: for errors. */
  readonly path: string;
  /** The message type of a field of kind "message". Resolved on use, since types refer to each other. */
  message(): MessageInfo;
  /** The enum of a field of kind "enum". */
  enum(): EnumInfo;
}

export interface EnumInfo {
  readonly name: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}

const messages = new Map<string, MessageInfo>();
const enums = new Map<string, EnumInfo>();

/** The type URL of a message. */
export function typeUrl<T extends MessageName>(name: T): `type.googleapis.com/${T}` {
  return `${TYPE_URL_PREFIX}${name}`;
}

/** The full name in a type URL; a full name is returned as it is. */
export function messageName(typeUrlOrName: string): string {
  return typeUrlOrName.slice(typeUrlOrName.lastIndexOf("/") + 1);
}

/** The type with this type URL or full name, or `undefined` when the schema does not have it. */
export function findMessage(typeUrlOrName: string): MessageInfo | undefined {
  const name = messageName(typeUrlOrName);
  const known = messages.get(name);
  if (known) return known;
  const described = Object.hasOwn(descriptor.messages, name) ? descriptor.messages[name] : undefined;
  if (!described) return undefined;
  const fields = described.fields.map((field) => fieldInfo(name, field));
  const info: MessageInfo = {
    name,
    fields,
    byName: new Map(fields.map((field) => [field.name, field])),
    byId: new Map(fields.map((field) => [field.id, field])),
    requiredOneofs: Object.entries(described.requiredOneofs ?? {}),
  };
  messages.set(name, info);
  return info;
}

/** As {@link findMessage}. Throws on an unknown name, which is a bug of the caller. */
export function messageInfo(typeUrlOrName: string): MessageInfo {
  const info = findMessage(typeUrlOrName);
  if (!info) throw new Error(`no such message type: ${typeUrlOrName} (is its proto in protos/entry.txt?)`);
  return info;
}

/** Whether the schema has a message with this type URL or full name. */
export function isKnownType(typeUrlOrName: string): boolean {
  return Object.hasOwn(descriptor.messages, messageName(typeUrlOrName));
}

/** The methods of a service by name. */
export function serviceMethods(service: ServiceName): Readonly<Record<string, MethodDescriptor>> {
  const methods = descriptor.services[service];
  if (!methods) throw new Error(`no such service: ${service}`);
  return methods;
}

function fieldInfo(owner: string, field: FieldDescriptor): FieldInfo {
  let message: MessageInfo | undefined;
  let enumeration: EnumInfo | undefined;
  return {
    ...field,
    path: `${owner}.${field.name}`,
    message: () => (message ??= messageInfo(field.type)),
    enum: () => (enumeration ??= enumInfo(field.type)),
  };
}

function enumInfo(name: string): EnumInfo {
  const known = enums.get(name);
  if (known) return known;
  const values = Object.entries(descriptor.enums[name] ?? {});
  if (values.length === 0) throw new Error(`no such enum: ${name}`);
  // Of two names for one number the first is the canonical one.
  const names = new Map(values.toReversed().map(([key, number]) => [number, key]));
  const info: EnumInfo = { name, numbers: new Map(values), names };
  enums.set(name, info);
  return info;
}
