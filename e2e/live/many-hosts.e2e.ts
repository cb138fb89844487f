import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCertificate } from "../support/certificate.ts";
import { http1KeepAlive, http2Streams, type Load, steadyGets } from "../support/load.ts";
import { ingress, service, tlsSecret, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const BYSTANDER = "bystander.example.com";
const HOSTS = 2_000;

let gateway: TestGateway;
let echo: EchoBackend;

const hosts = (from: number, count: number, path = "/"): string =>
  yamlOf(
    ...Array.from({ length: count }, (_, i) =>
      ingress({
        name: `i${from + i}`,
        host: `h${from + i}.example.com`,
        paths: [{ path, service: i % 2 === 0 ? "echo" : `other-${i % 50}` }],
      }),
    ),
    ...Array.from({ length: 50 }, (_, i) => service(`other-${i}`, [{ port: echo.port }])).flat(),
  );

beforeAll(async () => {
  echo = await startEcho({ name: "echo" });
  gateway = await startTestGateway({
    manifests: {
      "bystander.yaml": yamlOf(
        ...service("echo", [{ port: echo.port }]),
        tlsSecret("bystander", await testCertificate(BYSTANDER)),
        ingress({
          name: "bystander",
          host: BYSTANDER,
          annotations: { "ssl-redirect": "false" },
          tls: [{ hosts: [BYSTANDER], secretName: "bystander" }],
        }),
      ),
    },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.kill();
});

describe(`${HOSTS} hosts in one file`, () => {
  it("come, change and go without a failed request or a closed connection of another", async () => {
    const load = { port: gateway.httpPort, host: BYSTANDER, pauseMs: 20 };
    const loads: Load[] = [
      http1KeepAlive({ ...load, count: 8 }),
      http2Streams({ ...load, port: gateway.httpsPort, count: 2 }),
      steadyGets({ ...load, perSecond: 50 }),
    ];
    const status = async (host: string, path = "/") => (await gateway.request({ host, path })).status;
    await gateway.apply("many.yaml", hosts(0, HOSTS));
    expect(await status(`h${HOSTS - 1}.example.com`)).toBe(200);
    await gateway.apply("many.yaml", hosts(0, HOSTS, "/new"));
    expect(await status("h0.example.com")).toBe(404);
    expect(await status("h0.example.com", "/new")).toBe(200);
    // Half of them go, as many others come.
    await gateway.apply("many.yaml", hosts(HOSTS / 2, HOSTS));
    expect(await status("h0.example.com", "/new")).toBe(404);
    expect(await status(`h${HOSTS}.example.com`)).toBe(200);
    await gateway.remove("many.yaml");
    expect(await status(`h${HOSTS}.example.com`)).toBe(404);
    for (const running of loads) {
      const { requests, failures, closed } = await running.stop();
      expect({ failures: failures.slice(0, 5), closed }).toEqual({ failures: [], closed: 0 });
      expect(requests).toBeGreaterThan(10);
    }
    const clusters =
      gateway.gateway.ads.nodes()[0]?.types["type.googleapis.com/envoy.config.cluster.v3.Cluster"];
    expect(Object.keys(clusters?.accepted ?? {})).toEqual(["default/echo/80"]);
  });
});
