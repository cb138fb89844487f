import type { TracingSettings } from "@sluice/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { http1KeepAlive, http2Streams, webSockets } from "../support/load.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { type ModelGateway, startModelGateway } from "./gateway.ts";
import { forward, host, prefix, route } from "./models.ts";

const HOSTS = [host("traced.test", [route("all", prefix("/"), forward)])];
const PARENT = "0af7651916cd43dd8448eb211c80319c";

let collector: OtlpReceiver;
let gateway: ModelGateway;
beforeAll(async () => {
  collector = await startOtlpReceiver();
  gateway = await startModelGateway({ hosts: HOSTS, settings: settings(0) });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

function settings(samplePercent: number) {
  const tracing: TracingSettings = { serviceName: "shop", samplePercent };
  return { tracingCollector: { host: "127.0.0.1", port: collector.port }, tracing };
}

async function get(headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const { status, seen } = await gateway.request({ host: "traced.test", headers });
  expect(status).toBe(200);
  return { ...seen().headers };
}

describe("by the sample rate", () => {
  test("of 100 every request has a span under the gateway's name, and its backend the context", async () => {
    await gateway.change(settings(100));
    const { traceparent } = await get();
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const traceId = String(traceparent).split("-")[1];
    await expect
      .poll(() => collector.spans.find((span) => span.traceId === traceId), { timeout: 30_000 })
      .toMatchObject({ service: "shop" });
  });

  test("of 0 none has", async () => {
    await gateway.change(settings(0));
    for (let n = 0; n < 20; n++) {
      const { traceparent } = await get();
      expect(String(traceparent ?? "-00")).toMatch(/-00$/);
    }
  });
});

test("a client gives a trace to go on with, and can opt out of it, but cannot ask for more", async () => {
  const sampled = `00-${PARENT}-b7ad6b7169203331-01`;
  const unsampled = `00-${PARENT}-b7ad6b7169203331-00`;
  const ofParent = (flag: string) => expect.stringMatching(new RegExp(`^00-${PARENT}-[0-9a-f]{16}-${flag}$`));
  await gateway.change(settings(0));
  expect((await get({ traceparent: sampled, "x-client-trace-id": "1" })).traceparent).toEqual(ofParent("00"));
  await gateway.change(settings(100));
  expect((await get({ traceparent: unsampled })).traceparent).toEqual(ofParent("00"));
  expect((await get({ traceparent: sampled })).traceparent).toEqual(ofParent("01"));
  await expect
    .poll(() => collector.spans.filter(({ traceId }) => traceId === PARENT), { timeout: 30_000 })
    .toMatchObject([{ service: "shop", parentSpanId: "b7ad6b7169203331" }]);
});

test("a change of the rate ends no connection, and replaces no listener", async () => {
  const before = await gateway.stat("listener_manager.listener_modified");
  const target = { port: gateway.httpPort, host: "traced.test", pauseMs: 5 };
  const loads = [
    http1KeepAlive({ ...target, count: 16 }),
    http2Streams({ ...target, port: gateway.httpsPort, count: 8 }),
    webSockets({ ...target, count: 4 }),
  ];
  for (let n = 0; n < 30; n++) await gateway.change(settings(n % 2 === 0 ? 100 : 0.5));
  for (const running of loads) {
    const { requests, failures, closed } = await running.stop();
    expect({ failures: failures.slice(0, 5), closed }).toEqual({ failures: [], closed: 0 });
    expect(requests).toBeGreaterThan(0);
  }
  expect(await gateway.stat("listener_manager.listener_modified")).toBe(before);
});

test("a collector that is away costs no request", async () => {
  await gateway.change(settings(100));
  await collector[Symbol.asyncDispose]();
  for (let n = 0; n < 20; n++) await get();
});
