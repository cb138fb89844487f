import { z } from "zod";
import { MseIngressConfigSpec } from "./schema.ts";
import { CONDITION_TYPES, PHASES } from "./status.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

export const CRD_NAME = "mseingressconfigs.mse.alibabacloud.com";

/**
 * The CustomResourceDefinition, as the API server takes it, made from the schema that reads the objects. Equal on every call.
 *
 * Fields that are not known are kept: they are warned of, and an API server that pruned them would make `kubectl apply` refuse
 * the object. Nothing has a default, since what is left out must be seen.
 */
export function mseIngressConfigCrd(): JsonObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: CRD_NAME },
    spec: {
      group: "mse.alibabacloud.com",
      scope: "Cluster",
      names: {
        kind: "MseIngressConfig",
        listKind: "MseIngressConfigList",
        plural: "mseingressconfigs",
        singular: "mseingressconfig",
        shortNames: ["mic"],
      },
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            { name: "Status", type: "string", jsonPath: ".status.phase" },
            { name: "Replicas", type: "integer", jsonPath: ".spec.common.instance.replicas" },
            { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
            { name: "Message", type: "string", jsonPath: ".status.message" },
          ],
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: "One gateway: its data plane, what it listens to, and its global policy.",
              properties: { spec: specSchema(), status: statusSchema() },
            },
          },
        },
      ],
    },
  };
}

/** The structural schema of the spec. What JSON Schema says and a structural schema must not is left out. */
function specSchema(): JsonObject {
  // What zod makes is JSON.
  return structural(z.toJSONSchema(MseIngressConfigSpec) as JsonObject);
}

/** Keywords that a structural schema takes as they are. */
const KEPT = [
  "type",
  "description",
  "enum",
  "pattern",
  "minLength",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
];

function structural(schema: JsonObject): JsonObject {
  const kept = Object.fromEntries(
    KEPT.flatMap((key) => (schema[key] === undefined ? [] : [[key, schema[key]]])),
  );
  // A value that is the only one: an enumeration of one.
  if (schema.const !== undefined) return { ...kept, enum: [schema.const] };
  if (isObject(schema.items)) return { ...kept, items: structural(schema.items) };
  if (!isObject(schema.properties)) return kept;
  const properties = Object.entries(schema.properties).flatMap(([name, field]) =>
    isObject(field) ? [[name, structural(field)]] : [],
  );
  return {
    ...kept,
    "x-kubernetes-preserve-unknown-fields": true,
    properties: Object.fromEntries(properties),
  };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function statusSchema(): JsonObject {
  const text = (description: string): JsonObject => ({ type: "string", description });
  return {
    type: "object",
    description: "Written by Sluice.",
    properties: {
      phase: { ...text("How far the gateway has come, or Failed."), enum: PHASES },
      message: text("Why it is there: of Failed, what is wrong."),
      observedGeneration: {
        type: "integer",
        format: "int64",
        description: "The generation of the spec that this status is about.",
      },
      conditions: {
        type: "array",
        description: "What the phase sums up.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        items: conditionSchema(text),
      },
      lastGood: {
        type: "object",
        description:
          "The spec, part by part, as it was when that part was good: what stays in force where it is bad now.",
        "x-kubernetes-preserve-unknown-fields": true,
      },
    },
  };
}

/** As `metav1.Condition`. */
function conditionSchema(text: (description: string) => JsonObject): JsonObject {
  return {
    type: "object",
    required: ["type", "status", "reason", "message", "lastTransitionTime"],
    properties: {
      type: text(`One of ${CONDITION_TYPES.join(", ")}.`),
      status: { ...text("True, False or Unknown."), enum: ["True", "False", "Unknown"] },
      reason: text("One word for programs."),
      message: text("A sentence for people."),
      lastTransitionTime: { ...text("When the status last changed."), format: "date-time" },
      observedGeneration: { type: "integer", format: "int64", description: "As above." },
    },
  };
}
