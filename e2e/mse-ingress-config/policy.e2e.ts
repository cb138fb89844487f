import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, expect, test } from "vitest";
import { http1KeepAlive, webSockets } from "../support/load.ts";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const HOST = "policy.test";

let backend: EchoBackend;
let collector: OtlpReceiver;
let gateway: TestGateway;
beforeAll(async () => {
  [backend, collector] = await Promise.all([startEcho({ name: "a" }), startOtlpReceiver()]);
  gateway = await startTestGateway({
    settings: { mseIngressConfig: "test", tracingCollector: `127.0.0.1:${collector.port}` },
    manifests: {
      "shop.yaml": yamlOf(
        ...service("echo", [{ port: backend.port }]),
        ingress({ name: "shop", host: HOST }),
      ),
      "config.yaml": config({}),
    },
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
  await backend?.kill();
});

function config(spec: object): string {
  return yamlOf({
    apiVersion: "mse.alibabacloud.com/v1alpha1",
    kind: "MseIngressConfig",
    metadata: { name: "test" },
    spec: { ingress: { local: { ingressClass: "" } }, ...spec },
  });
}

const lists = (whitelist: readonly string[]): string =>
  config({ global: { ipAccessControl: { whitelist } } });
const status = async (): Promise<number> => (await gateway.request({ host: HOST })).status;
const codes = (): string[] =>
  gateway.gateway.store
    .diagnostics()
    .map(({ code }) => code)
    .filter((code) => code.startsWith("config-"));

test("an address list that is edited is in force, and a bad one keeps the last good one", async () => {
  expect(await status()).toBe(200);
  await gateway.apply("config.yaml", lists(["192.0.2.0/24"]));
  expect(await status()).toBe(403);
  await gateway.apply("config.yaml", lists(["127.0.0.1"]));
  expect(await status()).toBe(200);
  await gateway.apply("config.yaml", lists(["127.0.0.1", "no.address"]));
  expect(await status()).toBe(200);
  expect(codes()).toEqual(["config-value"]);
  await gateway.apply("config.yaml", config({}));
  expect(codes()).toEqual([]);
});

test("a bad list without a last good one lets nobody in, and the next good one does", async () => {
  await gateway.apply("config.yaml", lists(["no.address"]));
  expect(await status()).toBe(403);
  expect(codes()).toContain("config-value-denied");
  await gateway.apply("config.yaml", config({}));
  expect(await status()).toBe(200);
});

test("edits of lists and of the sample rate close no connection", async () => {
  const target = { port: gateway.httpPort, host: HOST, pauseMs: 10 };
  const loads = [http1KeepAlive({ ...target, count: 16 }), webSockets({ ...target, count: 4 })];
  for (let n = 0; n < 20; n++)
    await gateway.apply(
      "config.yaml",
      config({
        global: { ipAccessControl: { blacklist: [`192.0.2.${n}`] } },
        monitor: { tracing: { openTelemetry: { sampleRate: n % 2 === 0 ? "100" : "0" } } },
      }),
    );
  for (const running of loads) {
    const { requests, failures, closed } = await running.stop();
    expect({ failures: failures.slice(0, 5), closed }).toEqual({ failures: [], closed: 0 });
    expect(requests).toBeGreaterThan(0);
  }
});

test("spans go to the collector under the resource's name", async () => {
  await gateway.apply("config.yaml", config({ monitor: { tracing: { openTelemetry: {} } } }));
  const traceparent = String((await gateway.request({ host: HOST })).seen().headers.traceparent);
  const traceId = traceparent.split("-")[1];
  await expect
    .poll(() => collector.spans.find((span) => span.traceId === traceId), { timeout: 30_000 })
    .toMatchObject({ service: "test" });
});
