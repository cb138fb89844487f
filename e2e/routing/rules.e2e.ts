import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let gateway: TestGateway;
let echo: EchoBackend;
let other: EchoBackend;

beforeAll(async () => {
  echo = await startEcho({ name: "echo" });
  other = await startEcho({ name: "other" });
  gateway = await startTestGateway({
    manifests: {
      "services.yaml": yamlOf(
        ...service("echo", [{ port: echo.port }]),
        ...service("other", [{ port: other.port }]),
      ),
      "paths.yaml": yamlOf(
        ingress({
          name: "paths",
          host: "paths.example.com",
          paths: [
            { path: "/exact", pathType: "Exact", service: "other" },
            { path: "/foo", service: "other" },
            { path: "/bar/", service: "other" },
            { path: "/foo/long", service: "echo" },
          ],
        }),
      ),
      "wildcard.yaml": yamlOf(
        ingress({ name: "wildcard", host: "*.wild.example.com", paths: [{ path: "/", service: "other" }] }),
        ingress({ name: "hostless", paths: [{ path: "/hostless", service: "echo" }] }),
      ),
      "missing.yaml": yamlOf(
        ingress({ name: "missing", host: "missing.example.com", paths: [{ path: "/", service: "nobody" }] }),
        ingress({
          name: "port",
          host: "port.example.com",
          paths: [{ path: "/", service: "echo", port: 81 }],
        }),
      ),
    },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.kill();
  await other?.kill();
});

describe("path types", () => {
  const cases: readonly [path: string, expected: string | number][] = [
    ["/exact", "other"],
    ["/exact/", 404],
    ["/foo", "other"],
    ["/foo/", "other"],
    ["/foo/x?q=/y", "other"],
    ["/foobar", 404],
    ["/bar", "other"],
    ["/bar/x", "other"],
    ["/barx", 404],
    ["/foo/long", "echo"],
    ["/foo/long/x", "echo"],
    ["/foo/longer", "other"],
    ["//foo//x", "other"],
    ["/a/../foo/x", "other"],
    ["/nothing", 404],
    ["/exact?query=1", "other"],
    ["/foo%2Fx", 404],
  ];
  it.each(cases)("%s → %s", async (path, expected) => {
    const response = await gateway.request({ host: "paths.example.com", path });
    if (typeof expected === "number") expect(response.status).toBe(expected);
    else expect(response.seen().backend).toBe(expected);
  });

  it("refuses a fragment in the path", async () => {
    const response = await gateway.request({ host: "paths.example.com", path: "/foo#x" });
    expect(response.status).toBe(400);
  });
});

describe("hosts", () => {
  const cases: readonly [host: string, path: string, expected: string | number][] = [
    ["a.wild.example.com", "/", "other"],
    ["A.Wild.Example.com:8080", "/", "other"],
    ["a.b.wild.example.com", "/", 404],
    ["a.b.wild.example.com", "/hostless", "echo"],
    ["wild.example.com", "/hostless", "echo"],
    ["a.wild.example.com", "/hostless", "other"],
    ["unknown.example.com", "/hostless/x", "echo"],
    ["unknown.example.com", "/", 404],
    ["paths.example.com", "/hostless", 404],
  ];
  it.each(cases)("%s%s → %s", async (host, path, expected) => {
    const response = await gateway.request({ host, path });
    if (typeof expected === "number") expect(response.status).toBe(expected);
    else expect(response.seen().backend).toBe(expected);
  });
});

describe("what is missing", () => {
  it.each(["missing.example.com", "port.example.com"])("%s answers 503", async (host) => {
    expect((await gateway.request({ host })).status).toBe(503);
  });

  it("names Service and port in the diagnostics", () => {
    const found = gateway.gateway.gateways.diagnostics();
    expect(found.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["service-missing", "service-port-missing"]),
    );
  });

  it("serves as soon as the Service is there", async () => {
    await gateway.apply("nobody.yaml", yamlOf(...service("nobody", [{ port: echo.port }])));
    expect((await gateway.request({ host: "missing.example.com" })).seen().backend).toBe("echo");
    await gateway.remove("nobody.yaml");
    expect((await gateway.request({ host: "missing.example.com" })).status).toBe(503);
  });
});
