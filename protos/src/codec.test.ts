import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  any,
  assertKnownFields,
  decode,
  encode,
  hash,
  type RouteConfiguration,
  struct,
  TYPE_URLS,
  type VirtualHost,
} from "./index.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("bytes", () => {
  test("are those of the wire format", () => {
    // Worked out by hand from the encoding guide of protobuf.
    expect(hex(encode("google.protobuf.Duration", { seconds: 1, nanos: -1 }))).toBe(
      "080110ffffffffffffffffff01",
    );
    expect(hex(encode(TYPE_URLS.VIRTUAL_HOST, { name: "a", domains: ["b", "c"] }))).toBe(
      "0a0161120162120163",
    );
  });

  test("do not depend on the order of properties and map keys", () => {
    const filter = any("google.protobuf.Empty", {});
    const one = encode(TYPE_URLS.VIRTUAL_HOST, {
      name: "v",
      domains: ["*"],
      typedPerFilterConfig: { a: filter, b: filter },
    });
    const other = encode(TYPE_URLS.VIRTUAL_HOST, {
      typedPerFilterConfig: { b: filter, a: filter },
      domains: ["*"],
      name: "v",
    });
    expect(hex(one)).toBe(hex(other));
    expect(hash(one)).toBe(hash(other));
    expect(hash(one)).toMatch(/^[0-9a-f]{16}$/);
  });

  test("leave out undefined and the zeros of fields without presence, and keep those with presence", () => {
    expect(
      encode(TYPE_URLS.VIRTUAL_HOST, { name: "", includeRequestAttemptCount: false, cors: undefined }),
    ).toHaveLength(0);
    expect(
      decode("envoy.config.route.v3.RouteMatch", encode("envoy.config.route.v3.RouteMatch", { prefix: "" })),
    ).toEqual({
      prefix: "",
    });
    expect(decode(TYPE_URLS.VIRTUAL_HOST, encode(TYPE_URLS.VIRTUAL_HOST, { cors: {} }))).toEqual({
      cors: {},
    });
  });

  test("hold a text that reads 0, which is a zero only as a 64-bit integer", () => {
    const value = { key: "x", value: "0" };
    const bytes = encode("envoy.config.core.v3.HeaderValue", value);
    expect(decode("envoy.config.core.v3.HeaderValue", bytes)).toEqual(value);
    expect(encode("google.protobuf.Duration", { seconds: "0" })).toHaveLength(0);
  });

  test("hold enums by name or number", () => {
    const name = encode(TYPE_URLS.VIRTUAL_HOST, { requireTls: "ALL" });
    expect(decode(TYPE_URLS.VIRTUAL_HOST, name)).toEqual({ requireTls: "ALL" });
    // 9999 is a value that only a newer Envoy may have.
    expect(decode(TYPE_URLS.VIRTUAL_HOST, Uint8Array.from([0x20, 0x8f, 0x4e]))).toEqual({ requireTls: 9999 });
  });

  test("hold 64-bit numbers exactly", () => {
    for (const value of ["18446744073709551615", "9007199254740993", 9007199254740991, 0]) {
      const bytes = encode("google.protobuf.UInt64Value", { value });
      expect(decode("google.protobuf.UInt64Value", bytes).value ?? 0).toBe(value);
    }
    for (const seconds of ["-9223372036854775808", -1, 1]) {
      expect(decode("google.protobuf.Duration", encode("google.protobuf.Duration", { seconds }))).toEqual({
        seconds,
      });
    }
  });

  test("unpacked and packed numbers are both read, unknown fields are skipped, pieces of a message are merged", () => {
    const type = "envoy.config.route.v3.RetryPolicy";
    const codes = { retriableStatusCodes: [500, 503] };
    expect(decode(type, encode(type, codes))).toEqual(codes);
    expect(decode(type, Uint8Array.from([0x38, 0xf4, 0x03, 0x38, 0xf7, 0x03]))).toEqual(codes);
    expect(decode("google.protobuf.Empty", encode(TYPE_URLS.VIRTUAL_HOST, { name: "x" }))).toEqual({});
    const half = encode(TYPE_URLS.VIRTUAL_HOST, { retryPolicy: { retryOn: "5xx" } });
    const rest = encode(TYPE_URLS.VIRTUAL_HOST, { retryPolicy: { numRetries: { value: 1 } } });
    expect(decode(TYPE_URLS.VIRTUAL_HOST, Buffer.concat([half, rest]))).toEqual({
      retryPolicy: { retryOn: "5xx", numRetries: { value: 1 } },
    });
  });

  test("that are no message are refused", () => {
    expect(() => decode(TYPE_URLS.VIRTUAL_HOST, Uint8Array.from([0x0a, 0x7f]))).toThrow(RangeError);
    expect(() => decode("google.protobuf.Duration", Uint8Array.from([0x08, 0x80]))).toThrow(RangeError);
  });

  test("never make decoding fail otherwise than by an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decode(TYPE_URLS.ROUTE_CONFIGURATION, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });

  test("of a struct round trip with any key", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: "grapheme" }),
          fc.oneof(fc.string({ unit: "grapheme" }), fc.boolean()),
        ),
        (object) => {
          const bytes = encode("google.protobuf.Struct", struct(object));
          expect(Object.keys(decode("google.protobuf.Struct", bytes).fields ?? {}).sort()).toEqual(
            Object.keys(object).sort(),
          );
          expect(hex(encode("google.protobuf.Struct", decode("google.protobuf.Struct", bytes)))).toBe(
            hex(bytes),
          );
        },
      ),
    );
  });
});

describe("a bug of the caller throws", () => {
  test.each([
    ["an unknown field", { nam: "x" }, /has no field nam/],
    ["an unknown enum value", { requireTls: "SOME" }, /requireTls takes a/],
    ["a string for a number", { name: 5 }, /name takes a string/],
    ["an object for a list", { domains: {} }, /domains takes a/],
  ])("%s", (_, message, error) => {
    expect(() => assertKnownFields(TYPE_URLS.VIRTUAL_HOST, message)).toThrow(error);
  });

  test("two members of a oneof, and an unknown type", () => {
    expect(() => encode("envoy.config.route.v3.RouteMatch", { prefix: "/", path: "/" })).toThrow(
      /two of path_specifier/,
    );
    expect(() => assertKnownFields("envoy.Nothing", {})).toThrow(/no such message type/);
  });

  test("and does not show the value, which may be a secret", () => {
    const secret = { tlsCertificate: { privateKey: "-----BEGIN" } };
    expect(() => assertKnownFields(TYPE_URLS.SECRET, secret)).toThrow(
      /privateKey takes a [\w.]+, not string$/,
    );
  });
});

test("types follow from type URLs and names", () => {
  expectTypeOf(decode(TYPE_URLS.VIRTUAL_HOST, new Uint8Array())).toEqualTypeOf<VirtualHost>();
  expectTypeOf(
    decode("envoy.config.route.v3.RouteConfiguration", new Uint8Array()),
  ).toEqualTypeOf<RouteConfiguration>();
  expect(TYPE_URLS.LISTENER).toBe("type.googleapis.com/envoy.config.listener.v3.Listener");
});
