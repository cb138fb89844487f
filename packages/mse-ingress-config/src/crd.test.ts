import { expect, test } from "vitest";
import { mseIngressConfigCrd } from "./crd.ts";
import { knownFields } from "./read-spec.ts";

/** Every schema in the definition, with where it is. */
function schemas(value: unknown, path = ""): (readonly [path: string, schema: object])[] {
  if (typeof value !== "object" || value === null) return [];
  const found = Object.entries(value).flatMap(([key, inner]) => schemas(inner, `${path}/${key}`));
  return "type" in value && typeof value.type === "string" ? [[path, value], ...found] : found;
}

const all = schemas(mseIngressConfigCrd()).filter(([path]) => path.includes("openAPIV3Schema"));

test("has a schema for every field that is read, and for no other", () => {
  const specOnly = all.filter(([path]) => path.includes("/properties/spec/"));
  const fields = specOnly
    .filter(([path]) => !path.endsWith("/items"))
    .map(([path]) => path.split("/properties/").slice(2).join("."));
  expect(fields.sort()).toEqual([...knownFields()].sort());
});

test("keeps unknown fields in every group, and has no default", () => {
  for (const [path, schema] of all.filter(([path]) => path.includes("/properties/spec"))) {
    expect(schema, path).not.toHaveProperty("default");
    expect(schema, path).not.toHaveProperty("additionalProperties");
    if ("properties" in schema)
      expect(schema, path).toHaveProperty("x-kubernetes-preserve-unknown-fields", true);
  }
});
