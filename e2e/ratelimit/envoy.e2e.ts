import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LimitStore, memoryStore, type RateLimitServer, serveRateLimits } from "@sluice/ratelimit";
import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LimitedEnvoy, startLimitedEnvoy } from "./limited-envoy.ts";

/** The real Envoy asks the service; the limit travels with the request, as constants of the route. */

const constant = (key: string, value: string) => ({
  generic_key: { descriptor_key: key, descriptor_value: value },
});
const requestId = { request_headers: { header_name: "x-request-id", descriptor_key: "request" } };
const inFlight = [constant("route", "held"), constant("in_flight", "2"), requestId];

const ROUTES = {
  "/rate": [{ actions: [constant("route", "rate"), constant("requests_per_day", "5")] }],
  "/client": [
    { actions: [constant("route", "client"), constant("requests_per_day", "2"), { remote_address: {} }] },
  ],
  "/held": [
    { actions: inFlight },
    { actions: [...inFlight, constant("done", "true")], apply_on_stream_done: true },
  ],
  "/": [],
};

let folder: string;
let store: LimitStore & { held(): readonly { readonly ids: readonly string[] }[] };
let service: RateLimitServer;
let backend: Server;
let envoy: LimitedEnvoy;
/** Requests that the backend keeps waiting. */
const waiting: ServerResponse[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-limits-"));
  store = memoryStore();
  service = await serveRateLimits({ address: `unix:${folder}/limits`, store });
  backend = createServer((incoming, response) => {
    if (incoming.url === "/held/wait") waiting.push(response);
    else response.end("passed");
  });
  await once(backend.listen(0, "127.0.0.1"), "listening");
  // A listening TCP server has an address object.
  const { port } = backend.address() as AddressInfo;
  envoy = await startLimitedEnvoy({ rateLimits: service.address, backendPort: port, routes: ROUTES, folder });
});
afterAll(async () => {
  await envoy.process.stop();
  await service.close();
  backend.closeAllConnections();
  backend.close();
  rmSync(folder, { recursive: true, force: true });
});

async function get(path: string, signal?: AbortSignal): Promise<number> {
  // A client may name all its requests alike: they count one by one all the same.
  const headers = { "x-request-id": "same" };
  const options = signal === undefined ? { headers } : { headers, signal };
  const { statusCode, body } = await request(`http://127.0.0.1:${envoy.httpPort}${path}`, options);
  await body.dump();
  return statusCode;
}

async function statuses(path: string, times: number): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i += 1) all.push(await get(path));
  return all;
}

const inFlightNow = () => store.held().flatMap(({ ids }) => ids).length;

test("a rate that travels as a constant of the route holds", async () => {
  expect(await statuses("/rate", 7)).toEqual([200, 200, 200, 200, 200, 429, 429]);
});

test("a further action counts apart, such as by client", async () => {
  expect(await statuses("/client", 3)).toEqual([200, 200, 429]);
});

test("a route without limits asks nobody", async () => {
  const before = { ...service.counts };
  expect(await statuses("/", 3)).toEqual([200, 200, 200]);
  expect(service.counts).toEqual(before);
});

test("requests in flight are limited, and make room when they are over, answered or not", async () => {
  const client = new AbortController();
  const first = get("/held/wait");
  const second = get("/held/wait", client.signal).catch((error: Error) => error.name);
  await expect.poll(() => waiting.length, { timeout: 30_000 }).toBe(2);
  expect(await statuses("/held/wait", 2)).toEqual([429, 429]);
  expect(inFlightNow()).toBe(2);

  client.abort();
  expect(await second).toBe("AbortError");
  await expect.poll(inFlightNow, { timeout: 30_000 }).toBe(1);
  expect(await get("/held/quick")).toBe(200);

  waiting[0]?.end();
  waiting[1]?.end();
  expect(await first).toBe(200);
  await expect.poll(inFlightNow, { timeout: 30_000 }).toBe(0);
  expect(service.counts).toMatchObject({ unreadable: 0, failed: 0 });
});

test("without the service all requests pass", async () => {
  await service.close();
  expect(await statuses("/rate", 2)).toEqual([200, 200]);
});
