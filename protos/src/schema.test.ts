import { describe, expect, test } from "vitest";
import descriptor from "../gen/descriptor.js";
import { ADDED_FIELDS } from "../own/fields.ts";
import { checkConstraints } from "./constraints.ts";
import { decode, encode, isKnownType, serviceDefinition } from "./index.ts";

test("every type that a field names is in the schema", () => {
  const missing = Object.entries(descriptor.messages).flatMap(([name, message]) =>
    message.fields
      .filter((field) => field.kind === "message" && !isKnownType(field.type))
      .map((field) => `${name}.${field.name}`),
  );
  expect(missing).toEqual([]);
});

test("every rule in the schema is one that the checker knows", () => {
  // A checker is made on first use, and throws on a rule that it does not know.
  for (const name of Object.keys(descriptor.messages))
    expect(() => checkConstraints<string>(name, {})).not.toThrow();
});

test("no two fields of a message share a name or number", () => {
  for (const [name, { fields }] of Object.entries(descriptor.messages)) {
    expect(new Set(fields.map((field) => field.id)).size, name).toBe(fields.length);
    expect(new Set(fields.map((field) => field.name)).size, name).toBe(fields.length);
  }
});

describe("fields that newer Envoys have", () => {
  test("are in the schema", () => {
    for (const added of ADDED_FIELDS) {
      const fields = descriptor.messages[added.message]?.fields ?? [];
      expect(
        fields.find((field) => field.id === added.id),
        `${added.message}.${added.name}`,
      ).toBeDefined();
    }
  });

  test("are coded under their number, with their oneof and rules", () => {
    const cookies = [{ name: "version", stringMatch: { exact: "v2" } }];
    const bytes = encode("envoy.config.route.v3.RouteMatch", { path: "/", cookies });
    expect(decode("envoy.config.route.v3.RouteMatch", bytes)).toEqual({ path: "/", cookies });
    // Field 17, length-delimited, takes a tag of two bytes.
    expect(Buffer.from(bytes).includes(Buffer.from([0x8a, 0x01]))).toBe(true);
    const rewrites = { hostRewrite: "a", hostRewriteLiteral: "b" };
    expect(() => encode("envoy.config.route.v3.RouteAction", rewrites)).toThrow(
      /two of host_rewrite_specifier/,
    );
    const empty = { path: "/", cookies: [{ name: "" }] };
    expect(checkConstraints("envoy.config.route.v3.RouteMatch", empty)).toMatchObject([
      { path: "cookies[0].name", rule: "string.min_len" },
      { path: "cookies[0].stringMatch", rule: "required" },
    ]);
  });
});

test("services have the paths and directions of their protos", () => {
  expect(serviceDefinition("envoy.service.auth.v3.Authorization")).toMatchObject({
    Check: {
      path: "/envoy.service.auth.v3.Authorization/Check",
      requestStream: false,
      responseStream: false,
    },
  });
});
