import { ANNOTATION_PREFIXES, type Feature, type Key } from "../../packages/feature-api/src/index.ts";
import { prose } from "./markdown.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Where the schema of a key is told by its name without prefix. */
const DEFINITIONS = "#/definitions/";

/**
 * A JSON schema (draft 7, which editors know) of an Ingress with all annotations under all prefixes. Objects of other kinds are
 * left alone, so that it fits files that hold several. It never refuses a value that works; of values that do not it refuses those
 * that a pattern can tell.
 * `patternErrorMessage` and `markdownDescription` are words of the YAML language server; other readers pass over them.
 */
export function annotationSchema(features: readonly Feature[]): Schema {
  const keys = features.flatMap((feature) =>
    Object.entries(feature.keys).flatMap(([name, key]) =>
      [name, ...(key.aliases ?? [])].map((spelled) => ({ name, spelled, key, feature })),
    ),
  );
  const refs = ANNOTATION_PREFIXES.flatMap((prefix) =>
    keys.map(({ name, spelled }) => [`${prefix}${spelled}`, { $ref: `${DEFINITIONS}${name}` }] as const),
  );
  const single = refs.filter(([name]) => !name.endsWith("*"));
  const families = refs.filter(([name]) => name.endsWith("*"));
  const annotations = {
    type: "object",
    additionalProperties: { type: "string" },
    properties: Object.fromEntries(single),
    patternProperties: Object.fromEntries(families.map(([name, ref]) => [familyPattern(name), ref])),
    propertyNames: knownNames(keys.map(({ spelled }) => spelled)),
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "An Ingress with the annotations that Sluice reads",
    if: { type: "object", required: ["kind"], properties: { kind: { const: "Ingress" } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema
    then: {
      properties: {
        metadata: { type: "object", properties: { annotations: { $ref: `${DEFINITIONS}annotations` } } },
      },
    },
    definitions: {
      annotations,
      ...Object.fromEntries(keys.map(({ name, key, feature }) => [name, valueSchema(key, feature)])),
    },
  };
}

function familyPattern(name: string): string {
  return `^${literal(name.slice(0, -1))}.+$`;
}

/** Names behind one of the prefixes are those of keys; others are not looked at. */
function knownNames(names: readonly string[]): Schema {
  const prefixes = `^(?:${ANNOTATION_PREFIXES.map(literal).join("|")})`;
  const known = names.map((name) => (name.endsWith("*") ? `${literal(name.slice(0, -1))}.+` : literal(name)));
  const patternErrorMessage = "Sluice knows no such annotation.";
  const pattern = `${prefixes}(?:${known.join("|")})$`;
  return { anyOf: [{ pattern, patternErrorMessage }, { not: { pattern: prefixes } }] };
}

function valueSchema(key: Key<never>, { title, id }: Feature): Schema {
  const { default: absent = "none", nginx, higress } = key;
  const markdown = [
    prose(key.doc),
    `Takes ${prose(key.type.expected)}. Default: ${prose(absent)}. Example: \`${key.example}\``,
    nginx === undefined ? "" : `△ ingress-nginx: ${prose(nginx)}`,
    higress === undefined ? "" : `△ Higress: ${prose(higress)}`,
    `${title}: docs/annotations/${id}.md`,
  ];
  return {
    type: "string",
    description: key.doc,
    markdownDescription: markdown.filter((part) => part !== "").join("\n\n"),
    ...whatFits(key),
  };
}

/** Blanks around a value do not count, and a blank value is as none. */
function whatFits({ type }: Key<never>): Schema {
  const { enum: words, pattern } = type.schema;
  const isList = Array.isArray(words);
  const own =
    typeof pattern === "string" ? pattern : isList ? `^(?:${words.map(literal).join("|")})$` : undefined;
  if (own === undefined) return {};
  const trimmed = own.replace(/^\^/, "^\\s*").replace(/(?<!\\)\$$/, "\\s*$");
  const fits = { pattern: `^\\s*$|${trimmed}`, patternErrorMessage: `It takes ${type.expected}.` };
  // The words are what an editor offers.
  return isList ? { anyOf: [{ enum: words }, fits] } : fits;
}

function literal(text: unknown): string {
  return String(text)
    .replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")
    .replaceAll("\\/", "/");
}
