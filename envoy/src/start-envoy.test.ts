import { access, mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bootstrap } from "./bootstrap.ts";
import { activeConnections } from "./drain.ts";
import { findEnvoy } from "./find-envoy.ts";
import type { JsonObject } from "./json.ts";
import type { EnvoyLogRecord } from "./log-line.ts";
import { type EnvoyProcess, type StartEnvoyOptions, startEnvoy } from "./start-envoy.ts";
import { superviseEnvoy } from "./supervise-envoy.ts";

let binary: string;
let folder: string;
let running: EnvoyProcess[] = [];

beforeAll(async () => {
  binary = (await findEnvoy()).path;
}, 120_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-start-"));
});

afterEach(async () => {
  await Promise.all(running.map((envoy) => envoy.stop(0)));
  running = [];
  await rm(folder, { recursive: true, force: true });
});

const adminAddress = () => `unix:${join(folder, "admin.sock")}`;

function start(options: Partial<StartEnvoyOptions> = {}): EnvoyProcess {
  const envoy = startEnvoy({
    binary,
    bootstrap: oneListener(),
    adminAddress: adminAddress(),
    concurrency: 1,
    drainSeconds: 1,
    ...options,
  });
  running.push(envoy);
  return envoy;
}

/** An Envoy that answers by itself, on a port that the kernel chooses. */
function oneListener(): JsonObject {
  const hello = {
    match: { prefix: "/" },
    direct_response: { status: 200, body: { inline_string: "hello" } },
  };
  const manager = {
    "@type":
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "test",
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [hello] }] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const listener = {
    name: "http",
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chains: [
      { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] },
    ],
  };
  return {
    admin: { address: { pipe: { path: join(folder, "admin.sock") } } },
    static_resources: { listeners: [listener] },
  };
}

async function port(envoy: EnvoyProcess): Promise<number> {
  const { body } = await envoy.admin.get("/listeners");
  return Number(/:(\d+)\s*$/.exec(body)?.[1]);
}

function get(
  at: number,
  agent: Agent,
): Promise<{ status: number | undefined; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: at, agent, path: "/" }, (response) => {
      response.resume();
      response.on("end", () =>
        resolve({ status: response.statusCode, connection: response.headers.connection }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Asks again until the answer is right; the test's own time limit bounds it. */
async function until<T>(ask: () => Promise<T>, right: (answer: T) => boolean): Promise<T> {
  while (true) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && right(answer)) return answer;
    await delay(10);
  }
}

describe("startEnvoy", () => {
  test("ready, serving, stopped; nothing is left behind", async () => {
    const envoy = start();
    await envoy.ready;
    expect(await get(await port(envoy), new Agent())).toMatchObject({ status: 200 });
    expect(await envoy.stop()).toEqual({ code: 0, signal: null });
    await expect(envoy.admin.get("/ready")).rejects.toThrow();
  });

  test("an Envoy whose control plane is silent is not ready", async () => {
    const xdsAddress = `unix:${join(folder, "xds.sock")}`;
    const envoy = start({
      bootstrap: bootstrap({ nodeId: "n", cluster: "c", xdsAddress, adminAddress: adminAddress() }),
    });
    const answer = await until(
      () => envoy.admin.get("/ready"),
      () => true,
    );
    expect(answer).toMatchObject({ status: 503 });
    await envoy.stop();
    await expect(envoy.ready).rejects.toMatchObject({ code: "envoy-exited" });
  });

  test("a refused bootstrap ends with Envoy's words", async () => {
    const envoy = start({ bootstrap: { no_such_field: 1 } });
    await expect(envoy.ready).rejects.toMatchObject({
      code: "envoy-exited",
      message: expect.stringContaining("no_such_field"),
    });
    expect(await envoy.exit).toMatchObject({ code: 1 });
  });

  test("a binary that is not there ends with its name", async () => {
    const envoy = start({ binary: "/no/such/envoy" });
    await expect(envoy.ready).rejects.toMatchObject({ message: expect.stringContaining("/no/such/envoy") });
    await envoy.exit;
  });

  test("log records have their level, component and text", async () => {
    const records: EnvoyLogRecord[] = [];
    const envoy = start({ logLevel: "info", onLog: (record) => records.push(record) });
    await envoy.ready;
    await envoy.stop();
    expect(records).toContainEqual({
      level: "info",
      component: "main",
      message: "starting main dispatch loop",
    });
    expect(records.filter((record) => record.component === "")).toEqual([]);
  });

  test("with dieWithParent an Envoy does not outlive a process that is killed", async () => {
    const program = `
      import { startEnvoy } from ${JSON.stringify(new URL("start-envoy.ts", import.meta.url).href)};
      const envoy = startEnvoy(${JSON.stringify({ binary, bootstrap: oneListener(), adminAddress: adminAddress(), dieWithParent: true })});
      await envoy.ready;
      console.log(envoy.pid);`;
    const parent = execa("node", ["--input-type=module", "--eval", program], { reject: false });
    let pid = 0;
    for await (const line of parent.iterable()) {
      pid = Number(line);
      parent.kill("SIGKILL");
    }
    expect(pid).toBeGreaterThan(1);
    await until(
      () =>
        access(`/proc/${pid}/root`).then(
          () => false,
          () => true,
        ),
      (gone) => gone,
    );
  });
});

describe("drain", () => {
  test("waits for the last connection, which is served and told to close", async () => {
    const envoy = start();
    await envoy.ready;
    const at = await port(envoy);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await get(at, agent);
    expect(await activeConnections(envoy.admin)).toBe(1);

    const drained = envoy.drain(60_000);
    // Failing health checks are the first sign of the drain.
    await until(
      () => envoy.admin.get("/ready"),
      ({ status }) => status !== 200,
    );
    const answer = await get(at, agent);
    expect(answer).toEqual({ status: 200, connection: "close" });
    expect(await drained).toEqual({ code: 0, signal: null });
  });

  test("gives up on a connection that stays when its time is over", async () => {
    const envoy = start();
    await envoy.ready;
    const agent = new Agent({ keepAlive: true });
    await get(await port(envoy), agent);
    expect(await envoy.drain(300)).toEqual({ code: 0, signal: null });
    agent.destroy();
  });
});

describe("superviseEnvoy", () => {
  test("one that is killed is replaced, one that is stopped is not", async () => {
    const crashes: unknown[] = [];
    let serving = Promise.withResolvers<EnvoyProcess>();
    const supervised = superviseEnvoy({
      start: () => start(),
      onReady: (envoy) => serving.resolve(envoy),
      onCrash: ({ exit, restart }) => crashes.push({ exit, restart }),
      backoffMs: { first: 1, most: 1 },
    });
    await supervised.ready;
    const first = await serving.promise;
    serving = Promise.withResolvers();
    process.kill(first.pid, "SIGKILL");
    const second = await serving.promise;
    expect(second.pid).not.toBe(first.pid);
    expect(supervised.current()).toBe(second);
    expect(await get(await port(second), new Agent())).toMatchObject({ status: 200 });
    await supervised.stop();
    await supervised.done;
    expect(crashes).toEqual([{ exit: { code: null, signal: "SIGKILL" }, restart: 1 }]);
  });

  test("one that never serves is tried ever more slowly, and stopping ends the wait", async () => {
    const waits: number[] = [];
    const enough = Promise.withResolvers<void>();
    const supervised = superviseEnvoy({
      start: () => start({ binary: "/bin/false" }),
      onCrash: ({ waitMs }) => {
        waits.push(waitMs);
        if (waits.length === 4) enough.resolve();
      },
      backoffMs: { first: 2, most: 5 },
      random: () => 0,
    });
    supervised.ready.catch(() => {});
    await enough.promise;
    await supervised.stop();
    expect(waits).toEqual([2, 4, 5, 5]);
  });

  test("one that cannot be started again for a while is started when it can", async () => {
    const crashes: unknown[] = [];
    let serving = Promise.withResolvers<EnvoyProcess>();
    let full = false;
    const supervised = superviseEnvoy({
      start() {
        if (full) throw new Error("no space left on device");
        return start();
      },
      onReady: (envoy) => serving.resolve(envoy),
      onCrash({ exit, error, restart }) {
        crashes.push(exit?.signal ?? String(error));
        full = restart < 3;
      },
      backoffMs: { first: 1, most: 1 },
    });
    const first = await serving.promise;
    serving = Promise.withResolvers();
    process.kill(first.pid, "SIGKILL");
    await serving.promise;
    await supervised.stop();
    expect(crashes).toEqual(["SIGKILL", ...Array(2).fill("Error: no space left on device")]);
  });
});
