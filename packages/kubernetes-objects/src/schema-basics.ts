import { z } from "zod";

/*
 * Pieces of the schemas. They are narrow (only fields that are read) and loose (others are let through), and
 * `null` is the same as an absent field, as in Kubernetes. Custom messages say what was expected, as a noun.
 */

/** A field that may be absent or null. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** A field that has a default. */
export function withDefault<T>(schema: z.ZodType<T>, value: T) {
  return schema.nullish().transform((given) => given ?? value);
}

/**
 * A list, empty when absent. An element that is `undefined` (YAML has no such value) was found bad and taken
 * out by the caller; the others keep their positions until here.
 */
export function list<T>(element: z.ZodType<T>) {
  return z
    .array(element.optional())
    .nullish()
    .transform((items) => (items ?? []).filter((item) => item !== undefined));
}

/** A map from text to text, empty when absent. */
export const stringMap = withDefault(z.record(z.string(), z.string()), {});

const PORT = "a port number from 1 to 65535";
export const port = z.int({ error: PORT }).min(1, { error: PORT }).max(65_535, { error: PORT });
export const portOrName = z.union([port, z.string()], {
  error: "a port number from 1 to 65535, or the name of a port",
});

const SUBDOMAIN = "a DNS-1123 name: lower-case letters, digits, '-' and '.', at most 253 characters";
const LABEL = "a DNS-1123 label: lower-case letters, digits and '-', at most 63 characters";
export const subdomain = z
  .string()
  .max(253, { error: SUBDOMAIN })
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, { error: SUBDOMAIN });
export const label = z
  .string()
  .max(63, { error: LABEL })
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, { error: LABEL });

const timestamp = z.iso
  .datetime({ offset: true, error: "a time as RFC 3339 has it, for example 2026-03-01T12:00:00Z" })
  .transform((text) => Date.parse(text));

/** The metadata fields that are read. */
export const metadata = z.object({
  name: subdomain,
  namespace: optional(label),
  creationTimestamp: optional(timestamp),
  generation: optional(z.int()),
  labels: stringMap,
  annotations: stringMap,
});

/** `metadata.labels` or `metadata.annotations` and alike: the maps of text, in which Kubernetes refuses other scalars. */
export const STRING_MAPS = [
  ["metadata", "labels"],
  ["metadata", "annotations"],
  ["spec", "selector"],
  ["data"],
  ["stringData"],
] as const;
