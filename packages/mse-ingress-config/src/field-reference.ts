import { z } from "zod";
import { unwrapped } from "./read-spec.ts";
import { FIELD_DOCS, MseIngressConfigSpec } from "./schema.ts";

/** One field of the spec, for people. */
export interface FieldReference {
  /** `spec.common.instance.replicas`. */
  readonly path: string;
  readonly takes: string;
  readonly whenAbsent: string;
  readonly doc: string;
}

/** Every field that holds a value, in the order of the schema. What it takes is what diagnostics say was expected. */
export function fieldReference(
  schema: z.ZodObject = MseIngressConfigSpec,
  prefix = "spec.",
): FieldReference[] {
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const inner = unwrapped(field);
    const path = `${prefix}${name}`;
    if (inner instanceof z.ZodObject) return fieldReference(inner, `${path}.`);
    const docs = FIELD_DOCS.get(inner);
    if (docs === undefined) throw new Error(`${path} has no documentation`);
    return [{ path, takes: expectedOf(inner), ...docs }];
  });
}

/** No field takes a symbol, so the message for one is what was expected. */
function expectedOf(schema: z.core.$ZodType): string {
  return z.safeParse(schema, Symbol("none")).error?.issues[0]?.message ?? "";
}
