import protobuf from "protobufjs";
import type { Descriptor, FieldDescriptor, MessageDescriptor, MethodDescriptor } from "../src/descriptor.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Adds a field to a message that the packaged protos know only in an older form. */
export interface AddedField {
  /** Full name of the message. */
  readonly message: string;
  /** Name as Envoy writes it, in snake_case. */
  readonly name: string;
  readonly id: number;
  /** A scalar type or the full name of a message or enum. */
  readonly type: string;
  readonly repeated?: boolean;
  /** The name of a oneof that the message has. */
  readonly oneof?: string;
  /** As in `(validate.rules)`. */
  readonly rules?: Readonly<Record<string, unknown>>;
  readonly sensitive?: boolean;
}

/** Puts the added fields into the reflected messages. Throws when name or number is taken: the packages caught up. */
export function addFields(root: protobuf.Root, added: readonly AddedField[]): void {
  for (const entry of added) {
    const type = root.lookupType(entry.message);
    const field = new protobuf.Field(
      entry.name,
      entry.id,
      entry.type,
      entry.repeated ? "repeated" : undefined,
    );
    if (entry.rules) field.setParsedOption("(validate.rules)", entry.rules, "");
    if (entry.sensitive) field.setParsedOption("(udpa.annotations.sensitive)", true, "");
    field.filename = type.filename;
    if (type.fields[entry.name] || type.fieldsById[entry.id]) {
      throw new Error(
        `${entry.message}.${entry.name} = ${entry.id} is already there: drop it from own/fields.ts`,
      );
    }
    const oneof = entry.oneof === undefined ? undefined : type.oneofs[entry.oneof];
    if (entry.oneof !== undefined && !oneof) throw new Error(`${entry.message} has no oneof ${entry.oneof}`);
    if (oneof) oneof.add(field);
    else type.add(field);
  }
}

/**
 * The descriptor of every message and service in the entry files and of all that their fields refer to.
 * `sensitive` names further fields, as `full.message.Name.field_name`, that must never be shown.
 */
export function buildDescriptor(
  root: protobuf.Root,
  isEntry: (filename: string | null) => boolean,
  sensitive: readonly string[],
): Descriptor {
  const messages: Record<string, MessageDescriptor> = {};
  const enums: Record<string, Readonly<Record<string, number>>> = {};
  const services: Record<string, Record<string, MethodDescriptor>> = {};
  const hidden = new Set(sensitive);
  const queue: protobuf.Type[] = [];

  const visit = (object: protobuf.ReflectionObject | null): void => {
    if (object instanceof protobuf.Enum) enums[nameOf(object)] = object.values;
    if (object instanceof protobuf.Type && !messages[nameOf(object)]) {
      messages[nameOf(object)] = { fields: [] };
      queue.push(object);
    }
  };
  for (const object of walk(root)) {
    if (!isEntry(object.filename)) continue;
    if (object instanceof protobuf.Service) services[nameOf(object)] = describeService(object, visit);
    else visit(object);
  }
  for (let type = queue.pop(); type; type = queue.pop()) {
    for (const field of type.fieldsArray) visit(field.resolve().resolvedType);
    messages[nameOf(type)] = describeMessage(type, hidden);
  }
  if (hidden.size > 0) throw new Error(`no such fields: ${[...hidden].join(", ")}`);
  return { messages: sortKeys(messages), enums: sortKeys(enums), services: sortKeys(services) };
}

function describeMessage(type: protobuf.Type, hidden: Set<string>): MessageDescriptor {
  const fields = type.fieldsArray.map((field) => describeField(field, hidden)).sort((a, b) => a.id - b.id);
  const required = type.oneofsArray.filter((oneof) => options(oneof)["(validate.required)"] === true);
  if (required.length === 0) return { fields };
  const entries = required.map((oneof) => [
    oneof.name,
    oneof.fieldsArray.map((field) => jsonName(field.name)),
  ]);
  return { fields, requiredOneofs: Object.fromEntries(entries) };
}

function describeField(field: protobuf.Field, hidden: Set<string>): FieldDescriptor {
  field.resolve();
  const resolved = field.resolvedType;
  const oneof = field.partOf && !isSynthetic(field.partOf) ? field.partOf.name : undefined;
  const option = options(field);
  const path = `${field.parent ? nameOf(field.parent) : ""}.${field.name}`;
  const kind = resolved instanceof protobuf.Type ? "message" : resolved ? "enum" : "scalar";
  const result: Mutable<FieldDescriptor> = {
    name: jsonName(field.name),
    id: field.id,
    type: resolved ? nameOf(resolved) : field.type,
    kind,
  };
  if (field instanceof protobuf.MapField) result.key = field.keyType;
  else if (field.repeated) result.repeated = true;
  if (oneof !== undefined) result.oneof = oneof;
  if (kind !== "message" && !field.repeated && !field.map && (field.partOf || field.hasPresence))
    result.presence = true;
  const rules = option["(validate.rules)"];
  if (isRecord(rules)) result.rules = rules;
  if (hidden.delete(path) || option["(udpa.annotations.sensitive)"] === true) result.sensitive = true;
  return result;
}

function describeService(
  service: protobuf.Service,
  visit: (type: protobuf.ReflectionObject | null) => void,
): Record<string, MethodDescriptor> {
  const methods = service.methodsArray.map((method) => {
    method.resolve();
    visit(method.resolvedRequestType);
    visit(method.resolvedResponseType);
    if (!method.resolvedRequestType || !method.resolvedResponseType)
      throw new Error(`${method.fullName} is unresolved`);
    const described: MethodDescriptor = {
      request: nameOf(method.resolvedRequestType),
      response: nameOf(method.resolvedResponseType),
      requestStream: method.requestStream ?? false,
      responseStream: method.responseStream ?? false,
    };
    return [method.name, described] as const;
  });
  return Object.fromEntries(methods);
}

/**
 * The JSON name that protoc derives: each underscore goes and the character after it becomes upper case.
 * protobufjs' own camel case differs for digits (`accept_http_10`), which Envoy's JSON would not take.
 */
export function jsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}

/** All options of an object merged: the parser keeps one entry for each option statement. */
function options(object: protobuf.ReflectionObject): Record<string, unknown> {
  const parsed: unknown = object.parsedOptions ?? [];
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  // Options in their plain form (`option (validate.required) = true`) may be only here.
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object.options ?? {})) {
    if (name.endsWith(")")) result[name] = value;
  }
  return list.reduce<Record<string, unknown>>(
    (all, entry) => (isRecord(entry) ? merge(all, entry) : all),
    result,
  );
}

function merge(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const result = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = result[key];
    result[key] = isRecord(before) && isRecord(value) ? merge(before, value) : value;
  }
  return result;
}

function isSynthetic(oneof: protobuf.OneOf): boolean {
  return oneof.fieldsArray.length === 1 && oneof.name.startsWith("_");
}

function* walk(namespace: protobuf.NamespaceBase): Generator<protobuf.ReflectionObject> {
  for (const object of namespace.nestedArray) {
    yield object;
    if (object instanceof protobuf.Namespace) yield* walk(object);
  }
}

/** The full name without protobufjs' leading dot. */
function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.replace(/^\./, "");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sortKeys<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
