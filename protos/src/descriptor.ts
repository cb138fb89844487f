/**
 * The shape of `gen/descriptor.js`, the schema at run time: what encoding, JSON and constraint checks need
 * of the protos, and nothing else. Written by `scripts/generate.ts`, read by {@link file://./registry.ts}.
 */
export interface Descriptor {
  readonly messages: Readonly<Record<string, MessageDescriptor>>;
  /** Value name to number, by full name of the enum. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly services: Readonly<Record<string, Readonly<Record<string, MethodDescriptor>>>>;
}

export interface MessageDescriptor {
  /** In order of field number. */
  readonly fields: readonly FieldDescriptor[];
  /** Names of the oneofs of which one member has to be set (`validate.required`). */
  readonly requiredOneofs?: Readonly<Record<string, readonly string[]>>;
}

export interface FieldDescriptor {
  /** Canonical JSON name (lowerCamelCase), the property in messages and in JSON alike. */
  readonly name: string;
  readonly id: number;
  /** A scalar type, or the full name of a message or enum. The type of the values for a map. */
  readonly type: string;
  readonly kind: "scalar" | "enum" | "message";
  readonly repeated?: true;
  /** The type of the keys; set for maps. */
  readonly key?: string;
  /** A scalar that tells "unset" from its zero (member of a oneof, or `optional`). */
  readonly presence?: true;
  readonly oneof?: string;
  /** The option `validate.rules`, with the names of `validate/validate.proto`. */
  readonly rules?: Readonly<Record<string, unknown>>;
  /** Never to be shown: `udpa.annotations.sensitive`, or our own addition in `own/fields.ts`. */
  readonly sensitive?: true;
}

export interface MethodDescriptor {
  readonly request: string;
  readonly response: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}
