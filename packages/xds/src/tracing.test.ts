import type { GatewaySettings } from "@sluice/model";
import { decode, TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { HTTP_TABLE } from "./route-table.ts";
import { host, xdsWith } from "./testing/models.ts";

const tracingCollector = { host: "otel.test", port: 4317 };
const traced = (samplePercent: number): Partial<GatewaySettings> => ({
  tracingCollector,
  tracing: { serviceName: "shop", samplePercent },
});

function routeTracing(settings: Partial<GatewaySettings>) {
  const { resource } = xdsWith([], settings).virtualHost(HTTP_TABLE, host("a.test"));
  return decode(TYPE_URLS.VIRTUAL_HOST, resource.bytes).routes?.map(({ tracing }) => tracing);
}

test("a rate is on the routes alone, so that listeners stay as they are", () => {
  expect(routeTracing(traced(12.5))).toMatchObject([
    { randomSampling: { numerator: 1250, denominator: "TEN_THOUSAND" } },
  ]);
  expect(routeTracing(traced(0))).toEqual([undefined]);
  expect(xdsWith([], traced(0)).listeners([])).toEqual(xdsWith([], traced(100)).listeners([]));
});

test("without a collector nothing is there that a gateway without tracing has not", () => {
  const tracing = { serviceName: "shop", samplePercent: 100 };
  const without = xdsWith([], { tracing });
  expect(without.ownClusters()).toEqual([]);
  expect(without.listeners([])).toEqual(xdsWith().listeners([]));
  expect(routeTracing({ tracing })).toEqual([undefined]);
});

test("the listeners wait for the collector's cluster, by name or by address", () => {
  const xds = xdsWith([], traced(1));
  const [cluster] = xds.ownClusters();
  for (const { dependsOn } of xds.listeners([]))
    expect(dependsOn).toEqual([expect.objectContaining({ typeUrl: TYPE_URLS.CLUSTER, name: cluster?.name })]);
  const typeOf = (where: string) => {
    const [own] = xdsWith([], { tracingCollector: { host: where, port: 1 } }).ownClusters();
    return decode(TYPE_URLS.CLUSTER, own?.bytes ?? new Uint8Array()).type;
  };
  expect([typeOf("otel.test"), typeOf("::1")]).toEqual(["STRICT_DNS", "STATIC"]);
});
