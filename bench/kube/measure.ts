import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { KubeApi } from "../../e2e/cluster/src/kube-api.ts";
import { startCluster } from "../../e2e/cluster/src/start-cluster.ts";
import { gatewayRole, slice } from "../../e2e/kubernetes/objects.ts";
import { type Backend, startBackend } from "./backends.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { type EnvoyClient, envoyClient } from "./envoy-client.ts";
import { inParallel } from "./in-parallel.ts";
import { type KubeResult, quantiles } from "./result.ts";
import { application, hostOf, NAMESPACE, nameOf, rulesOf, type Scheme } from "./world.ts";

/**
 * The inner half of `make bench-kube`, in a network namespace: measures with `process.argv[3]` Ingresses the bundle
 * `process.argv[2]`, says on standard error what it does, and prints one line of JSON.
 */
const [, , bundle = "", count = "0"] = process.argv;
const n = Number(count);
/** Ingresses with a certificate of their own, besides. */
const HTTPS_HOSTS = 50;
const CHANGES = 50;
const BURST = Math.min(500, n);
const WRITERS = 32;
/** It may never rest entirely. */
const SETTLE_SECONDS = 5;
const READERS = 8;
/** How many hosts tell that a cold start is over, before all are asked. */
const SAMPLE = 50;

const say = (text: string): void => void process.stderr.write(`  ${text}\n`);
const folder = mkdtempSync(join(tmpdir(), "sluice-bench-kube-"));

interface Bench {
  readonly api: KubeApi;
  readonly client: EnvoyClient;
  readonly sluice: ControlPlane;
  readonly backends: readonly [Backend, Backend];
}

async function main(): Promise<KubeResult> {
  try {
    say("starting the API server");
    await using cluster = await startCluster({ folder, controllerManager: false });
    const { api } = cluster;
    const backends = [await startBackend("a", "10.244.9.1"), await startBackend("b", "10.244.9.2")] as const;
    await api.apply(...gatewayRole("sluice"));
    await fill(api, backends[0]);
    const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace: NAMESPACE });
    const start = performance.now();
    const sluice = await startControlPlane({ bundle, kubeconfig });
    const client = envoyClient(sluice.ports);
    const bench: Bench = { api, client, sluice, backends };
    try {
      return await measure(bench, start);
    } finally {
      client.close();
      await sluice.stop();
      for (const { server } of backends) server.closeAllConnections();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measure(bench: Bench, start: number): Promise<KubeResult> {
  const { sluice } = bench;
  say("cold start");
  const coldStartMs = await coldStart(bench, start);
  await settled(sluice);
  const cold = sluice.usage();
  const idleMsPerSecond = await idleCost(sluice);
  say(`${Math.round(coldStartMs)} ms; one Ingress after the other`);
  const bytes = await sluice.sentBytes();
  const began = performance.now();
  const usedBefore = sluice.usage().cpuSeconds;
  const ingress = await oneByOne(n, (index, i) => changeIngress(bench, "http", index, i));
  await settled(sluice);
  const idleMs = (idleMsPerSecond * (performance.now() - began)) / 1_000;
  const ingressCpuMs = ((sluice.usage().cpuSeconds - usedBefore) * 1_000 - idleMs) / CHANGES;
  const ingressBytes = ((await sluice.sentBytes()) - bytes) / CHANGES;
  const ingressHttps = await oneByOne(HTTPS_HOSTS, (index, i) => changeIngress(bench, "https", index, i));
  say("one EndpointSlice after the other");
  const slices = await oneByOne(n, (index) => changeSlice(bench, index, 1));
  say(`${BURST} Ingresses at once`);
  const ingressBurst = await atOnce((index) => ingressChange(bench, "http", index, "/burst"));
  say(`${BURST} EndpointSlices at once`);
  // Those that were changed one by one are back at the first backend after it.
  await inParallel(spread(n), WRITERS, (index) => changeSlice(bench, index, 0));
  const sliceBurst = await atOnce((index) => sliceChange(bench, index, 1));
  await settled(sluice);
  const { cpuSeconds, peakMb } = sluice.usage();
  return {
    n,
    coldStartMs,
    coldCpuSeconds: cold.cpuSeconds,
    restMb: cold.rssMb,
    idleMsPerSecond,
    ingress: quantiles(ingress),
    ingressHttps: quantiles(ingressHttps),
    ingressCpuMs,
    ingressBytes,
    slice: quantiles(slices),
    ingressBurst,
    sliceBurst,
    cpuSeconds,
    peakMb,
  };
}

async function fill(api: KubeApi, backend: Backend): Promise<void> {
  const all = [...indexes("http", n), ...indexes("https", HTTPS_HOSTS)];
  let made = 0;
  const beat = setInterval(() => say(`${made} of ${all.length} Ingresses written`), 5_000);
  try {
    await inParallel(all, WRITERS, async ([scheme, index]) => {
      for (const object of await application(scheme, index, backend)) {
        const path = await api.pathOf(object);
        await api.send("POST", path.slice(0, path.lastIndexOf("/")), { body: object });
      }
      made++;
    });
  } finally {
    clearInterval(beat);
  }
}

function indexes(scheme: Scheme, size: number): (readonly [Scheme, number])[] {
  return Array.from({ length: size }, (_, index) => [scheme, index] as const);
}

/** Milliseconds from `start` to the last route that is live: a sample tells when, and then all are asked. */
async function coldStart({ client }: Bench, start: number): Promise<number> {
  const isUp = ({ status }: { readonly status: number }): boolean => status === 200;
  const sample = Array.from({ length: SAMPLE }, (_, i) => Math.floor((i * (n - 1)) / (SAMPLE - 1)));
  for (const index of sample) await client.until("http", hostOf("http", index), "/api", isUp);
  for (const [scheme, index] of indexes("https", HTTPS_HOSTS))
    await client.until(scheme, hostOf(scheme, index), "/api", isUp);
  let last = performance.now();
  await inParallel(indexes("http", n), READERS, async ([scheme, index]) => {
    const host = hostOf(scheme, index);
    if (isUp(await client.get(scheme, host, "/api"))) return;
    await client.until(scheme, host, "/api", isUp);
    last = performance.now();
  });
  return last - start;
}

/** Indexes spread over all. */
function spread(size: number): number[] {
  return Array.from({ length: CHANGES }, (_, i) => Math.floor((i * size) / CHANGES));
}

async function oneByOne(
  size: number,
  change: (index: number, i: number) => Promise<number>,
): Promise<number[]> {
  const times: number[] = [];
  for (const [i, index] of spread(size).entries()) {
    const ms = await change(index, i);
    times.push(ms);
    // What a change leaves for later (the copy in another table) is not to be waited for by the next.
    await pause(Math.min(Math.max(4 * ms, 50), 500));
  }
  return times;
}

/** A change in two halves: what the API server is told, and how it is seen through Envoy. */
interface Change {
  write(): Promise<unknown>;
  live(): Promise<void>;
}

function ingressChange({ api, client }: Bench, scheme: Scheme, index: number, path: string): Change {
  const url = `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/ingresses/${nameOf(scheme, index)}`;
  return {
    write: () => patch(api, url, { spec: { rules: rulesOf(scheme, index, path) } }),
    live: () => client.until(scheme, hostOf(scheme, index), path, ({ status }) => status === 200),
  };
}

function sliceChange({ api, client, backends }: Bench, index: number, to: 0 | 1): Change {
  const { apiVersion, kind, metadata, ...body } = slice(nameOf("http", index), backends[to]);
  const url = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices/${metadata.name}`;
  const wanted = backends[to].name;
  return {
    write: () => patch(api, url, body),
    live: () => client.until("http", hostOf("http", index), "/app", ({ backend }) => backend === wanted),
  };
}

function changeIngress(bench: Bench, scheme: Scheme, index: number, i: number): Promise<number> {
  return timed(ingressChange(bench, scheme, index, `/change-${i}`));
}

function changeSlice(bench: Bench, index: number, to: 0 | 1): Promise<number> {
  return timed(sliceChange(bench, index, to));
}

/** Milliseconds from the API server's acknowledgement to the change seen through Envoy. */
async function timed({ write, live }: Change): Promise<number> {
  await write();
  const start = performance.now();
  await live();
  return performance.now() - start;
}

async function atOnce(
  make: (index: number) => Change,
): Promise<{ readonly acknowledgedMs: number; readonly liveMs: number }> {
  const changes = Array.from({ length: BURST }, (_, i) => make(Math.floor((i * n) / BURST)));
  const start = performance.now();
  await inParallel(changes, WRITERS, ({ write }) => write());
  const acknowledgedMs = performance.now() - start;
  await inParallel(changes, READERS, ({ live }) => live());
  return { acknowledgedMs, liveMs: performance.now() - start };
}

function patch(api: KubeApi, path: string, body: object): Promise<unknown> {
  return api.send("PATCH", path, { body, contentType: "application/merge-patch+json" });
}

/** Resolves when the control plane has come to rest: what a change causes late belongs to it. */
async function settled(sluice: ControlPlane): Promise<void> {
  let before = sluice.usage().cpuSeconds;
  for (let second = 0; second < SETTLE_SECONDS; second++) {
    await pause(1_000);
    const { cpuSeconds } = sluice.usage();
    if (cpuSeconds - before < 0.03) return;
    before = cpuSeconds;
  }
}

/** CPU milliseconds a second that the control plane takes with nothing to do. */
async function idleCost(sluice: ControlPlane): Promise<number> {
  const before = sluice.usage().cpuSeconds;
  await pause(SETTLE_SECONDS * 1_000);
  return ((sluice.usage().cpuSeconds - before) * 1_000) / SETTLE_SECONDS;
}

process.stdout.write(`${JSON.stringify(await main())}\n`);
process.exit(0);
