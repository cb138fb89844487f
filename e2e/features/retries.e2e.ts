import { createServer, type Server } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress, service } from "../support/manifests.ts";
import { freePort } from "../support/test-gateway.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOSTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  default: {},
  "tries-1": { "proxy-next-upstream-tries": "1" },
  "tries-0": { "proxy-next-upstream-tries": "0" },
  "http-502": { "proxy-next-upstream": "http_502 http_404", "proxy-next-upstream-tries": "2" },
  header: { "proxy-next-upstream": "invalid_header" },
  error: { "proxy-next-upstream": "error,timeout" },
  off: { "proxy-next-upstream": "off" },
  "off-beats": { "proxy-next-upstream": "error, timeout off", "proxy-next-upstream-tries": "5" },
  twice: { "proxy-next-upstream": "error timeout non_idempotent" },
  "per-try": { "proxy-next-upstream-timeout": "1", "proxy-next-upstream-tries": "1" },
  whole: { timeout: "1", "proxy-next-upstream-timeout": "3" },
};

const BAD: readonly [key: string, value: string][] = [
  ["proxy-next-upstream", "error http_999"],
  ["proxy-next-upstream", "always"],
  ["proxy-next-upstream-tries", "-1"],
  ["proxy-next-upstream-tries", "many"],
  ["proxy-next-upstream-timeout", "1s"],
];

let resetting: Server;
let resets = 0;

const shared = useGateway({
  backends: ["echo"],
  objects: async ({ get }) => {
    resetting = createServer((socket) => {
      resets++;
      socket.on("error", () => {}).once("data", () => socket.resetAndDestroy());
    });
    const reset = await freePort();
    await new Promise<void>((resolve) => resetting.listen(reset, "127.0.0.1", resolve));
    const closed = await freePort();
    const live = { port: get("echo").port };
    return [
      ...Object.entries(HOSTS).map(([name, annotations]) =>
        ingress({ name, host: `${name}.example.com`, annotations }),
      ),
      ...BAD.map(([key, value], n) =>
        ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
      ),
      ...service("half-closed", [{ port: closed }, live]),
      ...service("half-resetting", [{ port: reset }, live]),
      ...service("closed", [{ port: closed }]),
      ...["half-closed", "half-resetting", "closed"].map((name) =>
        ingress({
          name,
          host: `${name}.example.com`,
          annotations: name === "closed" ? {} : { "proxy-next-upstream-tries": "1" },
          paths: [{ path: "/", service: name }],
        }),
      ),
    ];
  },
});
afterAll(() => void resetting?.close());

/** Status of the answer, and how many tries the backend saw. */
async function tries(
  name: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<[status: number, tries: number]> {
  const before = shared.get("echo").counts().requests;
  const { status } = await shared.send({ host: `${name}.example.com`, method, headers });
  return [status, shared.get("echo").counts().requests - before];
}

const RESET = { "x-echo-reset": "before" };
const status = (code: number) => ({ "x-echo-status": `${code}` });

describe("when a request is tried again", () => {
  it.each<[host: string, method: string, headers: Record<string, string>, tries: number, answer: number]>([
    ["default", "GET", RESET, 4, 503],
    ["default", "HEAD", RESET, 4, 503],
    ["default", "PUT", RESET, 4, 503],
    ["default", "DELETE", RESET, 4, 503],
    ["default", "POST", RESET, 1, 503],
    ["default", "PATCH", RESET, 1, 503],
    ["default", "LOCK", RESET, 1, 503],
    ["default", "GET", status(503), 1, 503],
    ["default", "GET", status(404), 1, 404],
    ["tries-1", "GET", RESET, 2, 503],
    ["tries-1", "GET", status(500), 2, 500],
    ["tries-1", "GET", status(404), 1, 404],
    ["tries-1", "POST", status(500), 1, 500],
    ["tries-0", "GET", RESET, 4, 503],
    ["http-502", "GET", status(502), 3, 502],
    ["http-502", "GET", status(404), 3, 404],
    ["http-502", "GET", status(503), 1, 503],
    ["http-502", "GET", RESET, 1, 503],
    ["http-502", "POST", status(502), 1, 502],
    ["header", "GET", status(502), 4, 502],
    ["header", "GET", status(404), 1, 404],
    ["error", "GET", RESET, 4, 503],
    ["error", "GET", status(503), 4, 503],
    ["error", "POST", RESET, 1, 503],
    ["off", "GET", RESET, 1, 503],
    ["off", "GET", status(503), 1, 503],
    ["off-beats", "GET", RESET, 1, 503],
    ["twice", "POST", RESET, 4, 503],
    ["twice", "PATCH", status(500), 4, 500],
    ["twice", "GET", RESET, 4, 503],
  ])("%s: %s with %j makes %d tries", async (host, method, headers, expected, answer) => {
    expect(await tries(host, method, headers)).toEqual([answer, expected]);
  });

  it("it ends as soon as a try succeeds, with the body intact", async () => {
    const body = "x".repeat(60_000);
    const before = shared.get("echo").counts().requests;
    const response = await shared.send({
      host: "default.example.com",
      method: "PUT",
      body,
      headers: { ...RESET, "x-echo-fail-first": "2" },
    });
    expect(response.seen().body).toBe(body);
    expect(shared.get("echo").counts().requests - before).toBe(3);
  });

  it("a client has no say in it", async () => {
    const headers = { "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "5", ...status(503) };
    expect(await tries("default", "GET", headers)).toEqual([503, 1]);
    expect(await tries("default", "POST", { ...headers, ...RESET, "x-envoy-retry-on": "reset" })).toEqual([
      503, 1,
    ]);
  });
});

describe("time for each try", () => {
  it("starts the next try when it is over", async () => {
    expect(await tries("per-try", "GET", { "x-echo-delay-ms": "2000" })).toEqual([504, 2]);
  });

  it("is not sent twice with POST", async () => {
    expect(await tries("per-try", "POST", { "x-echo-delay-ms": "2000" })).toEqual([504, 1]);
  });

  it("ends with the time for the whole request", async () => {
    expect(await tries("whole", "GET", { "x-echo-delay-ms": "2000" })).toEqual([504, 1]);
  });
});

describe("other endpoints", () => {
  it("take what could not be connected, POSTs included, at the first retry", async () => {
    for (let n = 0; n < 20; n++) {
      const request = { host: "half-closed.example.com", method: "POST", body: `${n}` };
      expect((await shared.send(request)).seen().body).toBe(`${n}`);
    }
  });

  it("are tried before the same one again", async () => {
    for (let n = 0; n < 20; n++)
      expect(await shared.who({ host: "half-resetting.example.com" })).toBe("echo");
    expect(resets).toBeGreaterThan(5);
  });

  it("are none: 503", async () => {
    expect(await shared.who({ host: "closed.example.com" })).toBe(503);
  });
});

describe("reports", () => {
  it("0 tries means the default, not no limit", () => {
    expect(shared.diagnostics("tries-0")).toMatchObject([
      { severity: "warning", key: "mse.ingress.kubernetes.io/proxy-next-upstream-tries", value: "0" },
    ]);
  });

  it.each(BAD.map((bad, n) => [...bad, n] as const))("%s: %s is ignored", async (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
    expect(await tries(`bad${n}`, "GET", RESET)).toEqual([503, 4]);
    expect(await tries(`bad${n}`, "GET", status(503))).toEqual([503, 1]);
  });
});
