import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { steadyGets } from "../support/load.ts";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const HOST = "endpoints.example.com";

let gateway: TestGateway;
let backends: EchoBackend[];

const sliceOf = (endpoints: Parameters<typeof service>[1]): string => yamlOf(...service("echo", endpoints));
const ready = (list: readonly EchoBackend[]) => list.map(({ port }) => ({ port }));

beforeEach(async () => {
  backends = await Promise.all([1, 2, 3].map((n) => startEcho({ name: `old-${n}` })));
  gateway = await startTestGateway({
    manifests: {
      "echo.yaml": sliceOf(ready(backends)),
      "ingress.yaml": yamlOf(ingress({ name: "endpoints", host: HOST })),
    },
  });
});

afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all((backends ?? []).map((backend) => backend.kill()));
});

const requestsOf = (backend: EchoBackend): number => backend.counts().requests;

/** Resolves when the backend has answered so many requests more. */
async function untilAnswered(backend: EchoBackend, more: number): Promise<void> {
  const goal = requestsOf(backend) + more;
  await expect
    .poll(() => requestsOf(backend), { timeout: 20_000, interval: 20 })
    .toBeGreaterThanOrEqual(goal);
}

describe("endpoints under 200 requests a second", () => {
  it("loses no GET when a backend dies without warning", async () => {
    const [first, second] = backends;
    if (first === undefined || second === undefined) throw new Error("no backends");
    const load = steadyGets({ port: gateway.httpPort, host: HOST, perSecond: 200 });
    await untilAnswered(first, 100);
    await first.kill();
    await untilAnswered(second, 200);
    await gateway.apply("echo.yaml", sliceOf(ready(backends.slice(1))));
    await untilAnswered(second, 100);
    const { requests, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(500);
  });

  it("loses no GET while every endpoint is replaced, one by one, as a rollout does it", async () => {
    const load = steadyGets({ port: gateway.httpPort, host: HOST, perSecond: 200 });
    const old = [...backends];
    let present = [...backends];
    for (const [index, leaving] of old.entries()) {
      const joining = await startEcho({ name: `new-${index}` });
      backends.push(joining);
      present.push(joining);
      await gateway.apply("echo.yaml", sliceOf(ready(present)));
      await untilAnswered(joining, 30);
      // What the endpoint controller says first, and Kubernetes' preStop waits for.
      present = present.filter((backend) => backend !== leaving);
      await gateway.apply(
        "echo.yaml",
        sliceOf([
          ...ready(present),
          { port: leaving.port, conditions: { ready: false, serving: true, terminating: true } },
        ]),
      );
      const before = requestsOf(leaving);
      await untilAnswered(joining, 30);
      // Requests on their way at the moment of the change may still arrive; no more come.
      expect(requestsOf(leaving) - before).toBeLessThan(10);
      await leaving.close();
      await gateway.apply("echo.yaml", sliceOf(ready(present)));
    }
    const { requests, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(300);
  });

  it("loses no GET when every endpoint goes at once for new ones, apps ending on the spot", async () => {
    const load = steadyGets({ port: gateway.httpPort, host: HOST, perSecond: 200 });
    const [first] = backends;
    if (first === undefined) throw new Error("no backends");
    await untilAnswered(first, 50);
    const fresh = await Promise.all([1, 2, 3].map((n) => startEcho({ name: `fresh-${n}` })));
    backends.push(...fresh);
    await gateway.apply("echo.yaml", sliceOf(ready(fresh)));
    await Promise.all(backends.slice(0, 3).map((backend) => backend.kill()));
    const [one] = fresh;
    if (one === undefined) throw new Error("no backends");
    await untilAnswered(one, 100);
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
  });

  it("sends requests to an endpoint that terminates only when no ready one is left", async () => {
    const [first, second, third] = backends;
    if (!first || !second || !third) throw new Error("no backends");
    const terminating = { ready: false, serving: true, terminating: true };
    await gateway.apply(
      "echo.yaml",
      sliceOf([{ port: first.port }, { port: second.port, conditions: terminating }]),
    );
    for (let n = 0; n < 20; n++)
      expect((await gateway.request({ host: HOST })).seen().backend).toBe(first.name);
    await gateway.apply("echo.yaml", sliceOf([{ port: second.port, conditions: terminating }]));
    expect((await gateway.request({ host: HOST })).seen().backend).toBe(second.name);
    await gateway.apply("echo.yaml", sliceOf([{ port: third.port, conditions: { ready: false } }]));
    expect((await gateway.request({ host: HOST })).status).toBe(503);
  });
});
