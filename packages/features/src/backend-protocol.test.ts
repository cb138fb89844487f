import { expect, test } from "vitest";
import { backendProtocol } from "./backend-protocol.ts";
import { parse } from "./testing/feature-bench.ts";

test.each([
  ["HTTP", { protocol: "http1" }],
  ["HTTP2", { protocol: "http2" }],
  ["HTTPS", { protocol: "http1", tls: true }],
  ["GRPC", { protocol: "http2" }],
  ["GRPCS", { protocol: "http2", tls: true }],
  ["AUTO_HTTP", { protocol: "http1" }],
  ["grpcs", { protocol: "http2", tls: true }],
  [" Https ", { protocol: "http1", tls: true }],
])("%j speaks %j", (text, speech) => {
  const { policy, found } = parse(backendProtocol, { "backend-protocol": text });
  expect(backendProtocol.speaks?.(policy)).toEqual(speech);
  expect(found).toEqual([]);
});

test.each(["FCGI", "AJP", "h2c", "HTTP/2", "$scheme", "GRPC,HTTP"])(
  "%j stands for HTTP, reported",
  (text) => {
    const { policy, found } = parse(backendProtocol, { "backend-protocol": text });
    expect(backendProtocol.speaks?.(policy)).toEqual({ protocol: "http1" });
    expect(found).toEqual(["annotation-value backend-protocol"]);
  },
);

test("blank is as none: the port decides", () => {
  expect(parse(backendProtocol, { "backend-protocol": " " }).policy).toBeUndefined();
});

test("AUTO_HTTP alone sends what came over https elsewhere", () => {
  const variant = (text: string) =>
    backendProtocol.httpsVariant?.(parse(backendProtocol, { "backend-protocol": text }).policy);
  const auto = variant("AUTO_HTTP");
  expect(auto?.suffix).toBe("https");
  expect(backendProtocol.speaks?.(auto?.policy)).toEqual({ protocol: "http1", tls: true });
  // The variant itself has none.
  expect(backendProtocol.httpsVariant?.(auto?.policy)).toBeUndefined();
  expect(variant("HTTPS")).toBeUndefined();
});
