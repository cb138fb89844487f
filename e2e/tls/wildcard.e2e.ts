import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCertificate } from "../support/certificate.ts";
import { ingress, service, tlsSecret, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let gateway: TestGateway;
const echoes: Record<string, EchoBackend> = {};

beforeAll(async () => {
  for (const name of ["wild", "own", "plain", "deep"]) echoes[name] = await startEcho({ name });
  const wild = await testCertificate("*.w.example.com");
  const own = await testCertificate("own.w.example.com");
  const tls = (host: string, secretName: string) => [{ hosts: [host], secretName }];
  const paths = (name: string) => [{ path: "/", service: name }];
  gateway = await startTestGateway({
    manifests: {
      "services.yaml": yamlOf(
        ...Object.entries(echoes).flatMap(([name, { port }]) => service(name, [{ port }])),
        tlsSecret("wild", wild),
        tlsSecret("own", own),
      ),
      "ingresses.yaml": yamlOf(
        ingress({
          name: "wild",
          host: "*.w.example.com",
          paths: paths("wild"),
          tls: tls("*.w.example.com", "wild"),
        }),
        ingress({
          name: "own",
          host: "own.w.example.com",
          paths: paths("own"),
          tls: tls("own.w.example.com", "own"),
        }),
        ingress({ name: "plain", host: "plain.w.example.com", paths: paths("plain") }),
        ingress({ name: "deep", host: "*.deep.w.example.com", paths: paths("deep") }),
      ),
    },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all(Object.values(echoes).map((echo) => echo.kill()));
});

describe("hosts under a wildcard host with a certificate", () => {
  const served: readonly [host: string, servername: string, backend: string | number][] = [
    ["x.w.example.com", "x.w.example.com", "wild"],
    ["own.w.example.com", "own.w.example.com", "own"],
    // No certificate of its own: SNI leads to the wildcard's chain, whose certificate fits.
    ["plain.w.example.com", "plain.w.example.com", "plain"],
    ["plain.w.example.com", "x.w.example.com", "plain"],
    ["a.deep.w.example.com", "a.deep.w.example.com", "deep"],
    // A connection for the wildcard must not carry requests for a host with a chain of its own.
    ["own.w.example.com", "x.w.example.com", 421],
    ["x.w.example.com", "own.w.example.com", 421],
    ["elsewhere.example.com", "x.w.example.com", 421],
    ["own.w.example.com", "", "own"],
  ];
  it.each(served)("%s on a connection for %j → %s", async (host, servername, expected) => {
    const response = await gateway.request({ host, servername, https: true });
    if (typeof expected === "number") expect(response.status).toBe(expected);
    else expect(response.seen().backend).toBe(expected);
  });

  it("follows when the wildcard host loses its certificate", async () => {
    await gateway.apply(
      "ingresses.yaml",
      yamlOf(
        ingress({ name: "wild", host: "*.w.example.com", paths: [{ path: "/", service: "wild" }] }),
        ingress({ name: "plain", host: "plain.w.example.com", paths: [{ path: "/", service: "plain" }] }),
      ),
    );
    const response = await gateway.request({ host: "plain.w.example.com", https: true });
    expect(response.seen().backend).toBe("plain");
  });
});
