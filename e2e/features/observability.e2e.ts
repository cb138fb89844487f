import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress } from "../support/manifests.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { type SharedGateway, useGateway } from "../support/use-gateway.ts";

const HOSTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  silent: { "enable-access-log": "false" },
  loud: { "enable-access-log": "true" },
  redirect: { "enable-access-log": "false", "permanent-redirect": "https://example.com/" },
  off: { "enable-opentelemetry": "false" },
  on: { "enable-opentelemetry": "true" },
  named: { "opentelemetry-operation-name": "check out 100% %REQ(host)%" },
  trust: { "opentelemetry-trust-incoming-span": "true" },
  distrust: { "opentelemetry-trust-incoming-span": "false" },
};

const BAD: readonly [key: string, value: string][] = [
  ["enable-access-log", "off"],
  ["enable-opentelemetry", "on"],
  ["opentelemetry-trust-incoming-span", "no"],
  ["opentelemetry-operation-name", "$request_uri"],
];

const config = (sampleRate: string): object => ({
  apiVersion: "mse.alibabacloud.com/v1alpha1",
  kind: "MseIngressConfig",
  metadata: { name: "test" },
  spec: {
    ingress: { local: { ingressClass: "" } },
    monitor: { tracing: { openTelemetry: { sampleRate } } },
  },
});

const collector: Promise<OtlpReceiver> = startOtlpReceiver();
afterAll(async () => (await collector)[Symbol.asyncDispose]());

/** Paths in the access log. */
const logged: string[] = [];
const { port } = await collector;

function gatewayWith(sampleRate: string): SharedGateway {
  return useGateway({
    backends: ["echo"],
    settings: { mseIngressConfig: "test", tracingCollector: `127.0.0.1:${port}`, accessLog: true },
    onEnvoyLog: ({ message }) => {
      const path = /"path":"(\/[^"]*)"/.exec(message)?.[1];
      if (path !== undefined) logged.push(path);
    },
    objects: () => [
      config(sampleRate),
      ...Object.entries(HOSTS).map(([name, annotations]) =>
        ingress({ name, host: `${name}.example.com`, annotations }),
      ),
      ...BAD.map(([key, value], n) =>
        ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
      ),
    ],
  });
}

/** The trace that the backend was told of, and whether it is one that is recorded. */
async function trace(shared: SharedGateway, name: string, headers = {}) {
  const seen = (await shared.send({ host: `${name}.example.com`, headers })).seen();
  const [, id = "", , flags = "00"] = String(seen.headers.traceparent ?? "").split("-");
  return { id, sampled: flags === "01" };
}

const spanOf = async (id: string) => (await collector).spans.find((span) => span.traceId === id);

describe("where the gateway traces all requests", () => {
  const shared = gatewayWith("100");
  let ids: Readonly<Record<string, string>>;
  beforeAll(async () => {
    const names = ["plain", "on", "trust", "distrust", ...BAD.map((_, n) => `bad${n}`)];
    ids = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, (await trace(shared, name)).id])),
    );
  });

  it.each(["plain", "on", "trust", "distrust", "bad1", "bad3"])("%s has a span", async (name) => {
    await expect.poll(() => spanOf(ids[name] ?? ""), { timeout: 30_000 }).toMatchObject({ service: "test" });
  });

  it("enable-opentelemetry false: none", async () => {
    expect((await trace(shared, "off")).sampled).toBe(false);
  });

  it("opentelemetry-operation-name names the span, literally", async () => {
    const { id } = await trace(shared, "named");
    await expect
      .poll(() => spanOf(id), { timeout: 30_000 })
      .toMatchObject({ name: "check out 100% %REQ(host)%" });
  });

  it.each(["trust", "distrust"])("%s: a client's trace is gone on with", async (name) => {
    const id = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${id}-b7ad6b7169203331-01` };
    expect(await trace(shared, name, headers)).toEqual({ id, sampled: true });
    const codes = shared.diagnostics(name).map(({ code, key }) => [code, key]);
    const reported = ["annotation-no-effect", "mse.ingress.kubernetes.io/opentelemetry-trust-incoming-span"];
    expect(codes).toEqual(name === "trust" ? [] : [reported]);
  });

  it("enable-access-log false leaves the requests out of the log, redirects included", async () => {
    const names = ["silent", "redirect", "loud", "plain", "bad0"];
    for (const name of names) await shared.send({ host: `${name}.example.com`, path: `/log/${name}` });
    // Each worker writes its lines in their order, but the two workers do not.
    const last = Array.from({ length: 40 }, (_, n) => `/last/${n}`);
    for (const path of last) await shared.send({ host: "plain.example.com", path });
    await expect
      .poll(() => logged.filter((path) => path.startsWith("/last/")).length, { timeout: 30_000 })
      .toBe(40);
    expect(logged.filter((path) => path.startsWith("/log/")).toSorted()).toEqual([
      "/log/bad0",
      "/log/loud",
      "/log/plain",
    ]);
  });

  it.each(BAD.map((bad, n) => [...bad, n] as const))("%s: %s is ignored and reported", (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
  });
});

describe("where the gateway traces none", () => {
  const shared = gatewayWith("0");

  it("enable-opentelemetry true traces every request of the rules, and no others", async () => {
    expect((await trace(shared, "plain")).sampled).toBe(false);
    const { id, sampled } = await trace(shared, "on");
    expect(sampled).toBe(true);
    await expect.poll(() => spanOf(id), { timeout: 30_000 }).toMatchObject({ service: "test" });
  });
});
