import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import type { RateLimitRequest, RateLimitResponse } from "@sluice/protos";
import { describe, expect, onTestFinished, test } from "vitest";
import { memoryStore } from "./memory-store.ts";
import { rateLimitService, serveRateLimits } from "./serve.ts";
import type { LimitStore } from "./store.ts";

type Pairs = Record<string, string>;

async function service(store: LimitStore = memoryStore({ now: () => 5_000 }), address = "127.0.0.1:0") {
  const errors: unknown[] = [];
  const server = await serveRateLimits({ address, store, onError: (error) => errors.push(error) });
  const client = new Client(server.address, credentials.createInsecure());
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  const method = rateLimitService.ShouldRateLimit;
  const ask = (request: RateLimitRequest) =>
    new Promise<RateLimitResponse>((resolve, reject) =>
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        (error, response) => (response === undefined ? reject(error) : resolve(response)),
      ),
    );
  const code = async (...descriptors: Pairs[]) => {
    const entries = (pairs: Pairs) => Object.entries(pairs).map(([key, value]) => ({ key, value }));
    const response = await ask({
      domain: "d",
      descriptors: descriptors.map((pairs) => ({ entries: entries(pairs) })),
    });
    return [response.overallCode, ...(response.statuses ?? []).map((status) => status.code)].join(" ");
  };
  return { ask, code, server, errors };
}

describe("the rate limit service", () => {
  test("passes as many as the limit says, and tells what is left", async () => {
    const { ask, server } = await service();
    const request: RateLimitRequest = {
      domain: "d",
      descriptors: [{ entries: [{ key: "requests_per_minute", value: "3" }] }],
    };
    expect(await ask(request)).toMatchObject({
      overallCode: "OK",
      statuses: [{ code: "OK", limitRemaining: 2, currentLimit: { requestsPerUnit: 3, unit: "MINUTE" } }],
    });
    expect((await ask({ ...request, hitsAddend: 2 })).overallCode).toBe("OK");
    expect(await ask(request)).toMatchObject({
      overallCode: "OVER_LIMIT",
      statuses: [{ code: "OVER_LIMIT" }],
    });
    expect(server.counts).toEqual({ allowed: 2, limited: 1, unreadable: 0, failed: 0 });
  });

  test("refuses when one of several limits is reached", async () => {
    const { code } = await service();
    expect(await code({ r: "a", requests_per_second: "1" }, { r: "b", requests_per_second: "2" })).toBe(
      "OK OK OK",
    );
    expect(await code({ r: "a", requests_per_second: "1" }, { r: "b", requests_per_second: "2" })).toBe(
      "OVER_LIMIT OVER_LIMIT OK",
    );
  });

  test("knows which requests are in flight", async () => {
    const { code, server } = await service();
    expect(await code({ in_flight: "1", request: "x" })).toBe("OK OK");
    expect(await code({ in_flight: "1", request: "y" })).toBe("OVER_LIMIT OVER_LIMIT");
    expect(await code({ in_flight: "1", request: "x", done: "true" })).toBe("OK OK");
    expect(await code({ in_flight: "1", request: "y" })).toBe("OK OK");
    expect(server.counts).toMatchObject({ allowed: 2, limited: 1 });
  });

  test("takes nothing from a rate for want of room, and no room for want of rate", async () => {
    const { code } = await service();
    const rate = { requests_per_second: "1" };
    await code({ in_flight: "1", request: "x" });
    expect(await code(rate, { in_flight: "1", request: "y" })).toBe("OVER_LIMIT OK OVER_LIMIT");
    expect(await code(rate)).toBe("OK OK");
    await code({ in_flight: "1", request: "x", done: "true" });
    expect(await code(rate, { in_flight: "1", request: "y" })).toBe("OVER_LIMIT OVER_LIMIT OK");
    expect(await code({ in_flight: "1", request: "z" })).toBe("OK OK");
    expect(await code({ in_flight: "1", request: "z" })).toBe("OVER_LIMIT OVER_LIMIT");
  });

  test("limits nothing by a descriptor that it cannot read, and counts it", async () => {
    const { code, server } = await service();
    expect(await code({ requests_per_second: "many" })).toBe("OK OK");
    expect(server.counts.unreadable).toBe(1);
  });

  test("lets pass what it fails to count, and says so", async () => {
    const broken: LimitStore = { ...memoryStore(), take: () => Promise.reject(new Error("a bug")) };
    const { code, server, errors } = await service(broken);
    expect(await code({ requests_per_second: "1" })).toBe("OK");
    expect(server.counts.failed).toBe(1);
    expect(errors).toEqual([new Error("a bug")]);
  });

  test("is served on a Unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-ratelimit-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { code } = await service(memoryStore(), `unix:${folder}/socket`);
    expect(await code({ requests_per_second: "1" })).toBe("OK OK");
  });

  test("says which address cannot be had", async () => {
    const { server } = await service();
    await expect(serveRateLimits({ address: server.address, store: memoryStore() })).rejects.toThrow(
      server.address,
    );
  });
});
