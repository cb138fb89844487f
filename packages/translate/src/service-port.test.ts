import type { ServicePort, ServiceTarget } from "@sluice/model";
import { expect, test } from "vitest";
import { portProtocol, servicePort } from "./service-port.ts";
import { service } from "./testing/index.ts";

const port = (number: number, fields: Partial<ServicePort> = {}): ServicePort => ({
  port: number,
  targetPort: number,
  protocol: "TCP",
  ...fields,
});

test.each<[ServiceTarget["port"], number | undefined]>([
  [{ number: 80 }, 80],
  [{ number: 8080 }, undefined],
  [{ name: "admin" }, 81],
  [{ name: "Admin" }, undefined],
  ["first", 80],
])("port %j is %j", (wanted, expected) => {
  const both = service("web", { ports: [port(80, { name: "http" }), port(81, { name: "admin" })] });
  const target: ServiceTarget = { kind: "service", namespace: "default", name: "web", port: wanted };
  expect(servicePort(both, target)?.port).toBe(expected);
});

test("a Service without ports has no first one", () => {
  const target: ServiceTarget = { kind: "service", namespace: "default", name: "web", port: "first" };
  expect(servicePort(service("web", { ports: [] }), target)).toBeUndefined();
});

test.each<[Partial<ServicePort>, "http1" | "http2"]>([
  [{}, "http1"],
  [{ name: "http" }, "http1"],
  [{ name: "grpc" }, "http2"],
  [{ name: "grpc-web" }, "http2"],
  [{ name: "http2-admin" }, "http2"],
  [{ name: "http2admin" }, "http1"],
  [{ name: "grpcs" }, "http1"],
  [{ appProtocol: "kubernetes.io/h2c" }, "http2"],
  [{ appProtocol: "H2C" }, "http2"],
  [{ appProtocol: "grpc" }, "http2"],
  [{ appProtocol: "kubernetes.io/ws", name: "x" }, "http1"],
])("a port with %j speaks %s", (fields, expected) => expect(portProtocol(port(80, fields))).toBe(expected));

test("a port that is not there speaks HTTP/1.1", () => expect(portProtocol(undefined)).toBe("http1"));
