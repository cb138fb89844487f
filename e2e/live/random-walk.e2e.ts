import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterEach, expect, it } from "vitest";
import { CLUSTER_FAULTS, FAULTY_FEATURES, ROUTE_FAULTS } from "../refusal/faults.ts";
import { strictlyBroken } from "../refusal/strict-certificate.ts";
import { type KeyPair, selfSigned } from "../support/certificate.ts";
import { configDump } from "../support/config-dump.ts";
import { http1KeepAlive, http2Streams, type Load, steadyGets } from "../support/load.ts";
import { ingress, service, tlsSecret, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/**
 * Random changes, bad ones among them, some so quick that several are under way at once. No request and no connection
 * of a host that they do not name is lost, and in the end Envoy has what one has that starts with the same files.
 */

const STEPS = Number(process.env.SLUICE_WALK_STEPS ?? 250);
const SEED = Number(process.env.SLUICE_WALK_SEED ?? 1);
const BYSTANDER = "bystander.example.com";
const HOSTS = [
  "a.example.com",
  "b.example.com",
  "c.example.com",
  "*.example.com",
  "x.c.example.com",
  undefined,
];
const SERVICES = ["s0", "s1", "s2", "s3"];
const SECRETS = ["t0", "t1", "t2"];
const ANNOTATIONS: readonly Annotations[] = [
  {},
  { timeout: "7" },
  { timeout: "soon" },
  { "ssl-redirect": "false" },
  { "force-ssl-redirect": "true" },
  { canary: "true", "canary-weight": "30" },
  { canary: "true", "canary-by-header": "x-canary" },
  { "load-balance": "round_robin" },
  { "rewrite-target": "/x/$1", "use-regex": "true" },
  { "response-header-control-add": "x-a b" },
  { "whitelist-source-range": "10.0.0.0/8" },
];
const FAULTS: readonly Readonly<Record<string, string>>[] = [
  ...Object.keys(ROUTE_FAULTS).map((name) => ({ "test-route": name })),
  ...Object.keys(CLUSTER_FAULTS).map((name) => ({ "test-cluster": name })),
];

/** Numbers that are the same for the same seed ("mulberry32"). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Annotations = Readonly<Record<string, string>>;

interface Means {
  /** Annotations of Ingresses that are to be refused by Envoy; of none: `{}`. */
  readonly faults: readonly Annotations[];
  readonly next: () => number;
  readonly backends: readonly EchoBackend[];
  readonly pairs: readonly KeyPair[];
  readonly broken: KeyPair;
}

/** A file and its next contents; undefined: it goes. */
type Step = readonly [file: string, yaml: string | undefined, faulty: boolean];

function step({ next, faults, backends, pairs, broken }: Means): Step {
  const pick = <T>(from: readonly T[]): T => {
    const found = from[Math.floor(next() * from.length)];
    // Nothing is picked from an empty list.
    return found as T;
  };
  const dice = next();
  if (dice < 0.15) {
    const name = pick(SERVICES);
    const ports = backends.filter(() => next() < 0.7).map(({ port }) => ({ port }));
    return [`${name}.yaml`, next() < 0.2 ? undefined : yamlOf(...service(name, ports)), false];
  }
  if (dice < 0.3) {
    const name = pick(SECRETS);
    const faulty = next() < 0.2;
    const pair = faulty ? broken : pick(pairs);
    return [`${name}.yaml`, next() < 0.2 ? undefined : yamlOf(tlsSecret(name, pair)), faulty];
  }
  const name = `i${Math.floor(next() * 10)}`;
  if (dice < 0.45) return [`${name}.yaml`, undefined, false];
  if (dice < 0.48) return [`${name}.yaml`, "kind: Ingress\n  metadata: {", true];
  const faulty = dice < 0.6;
  const host = pick(HOSTS);
  const tls = host !== undefined && next() < 0.4 ? [{ hosts: [host], secretName: pick(SECRETS) }] : undefined;
  const made = ingress({
    name,
    ...(host === undefined ? {} : { host }),
    annotations: { ...pick(ANNOTATIONS), ...(faulty ? pick(faults) : {}) },
    paths: [{ path: pick(["/", "/p", "/p/q"]), service: pick(SERVICES) }],
    ...(tls === undefined ? {} : { tls }),
    createdAt: `2024-01-01T00:00:0${name.slice(1)}Z`,
  });
  return [`${name}.yaml`, yamlOf(made), faulty];
}

const disposers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const dispose of disposers.splice(0).reverse()) await dispose();
});

async function start(manifests: Record<string, string>): Promise<TestGateway> {
  const gateway = await startTestGateway({ manifests, extraFeatures: FAULTY_FEATURES, drainSeconds: 1 });
  disposers.push(async () => gateway[Symbol.asyncDispose]());
  return gateway;
}

it(`${STEPS} steps from seed ${SEED} lose no request of a bystander, and lead where a fresh start leads`, () =>
  walk([{}]));

it("the same with Ingresses that only Envoy finds fault with", () => walk(FAULTS));

async function walk(faults: readonly Annotations[]): Promise<void> {
  const backends = await Promise.all(["a", "b"].map((name) => startEcho({ name })));
  const bystander = await startEcho({ name: "bystander" });
  disposers.push(async () => Promise.all([...backends, bystander].map((backend) => backend.kill())));
  const hosts = HOSTS.filter((host) => host !== undefined);
  const [pairs, broken] = await Promise.all([
    Promise.all([selfSigned(hosts), selfSigned(hosts), selfSigned(["a.example.com"])]),
    strictlyBroken("a.example.com"),
  ]);
  const gateway = await start({
    "bystander.yaml": yamlOf(
      ...service("bystander", [{ port: bystander.port }]),
      tlsSecret("bystander", await selfSigned([BYSTANDER])),
      ingress({
        name: "bystander",
        host: BYSTANDER,
        annotations: { "ssl-redirect": "false" },
        paths: [{ path: "/", service: "bystander" }],
        tls: [{ hosts: [BYSTANDER], secretName: "bystander" }],
      }),
    ),
  });
  const load = { port: gateway.httpPort, host: BYSTANDER };
  const loads: Load[] = [
    http1KeepAlive({ ...load, count: 4, pauseMs: 20 }),
    http2Streams({ ...load, port: gateway.httpsPort, count: 2, pauseMs: 20 }),
    steadyGets({ ...load, perSecond: 50 }),
  ];

  const next = random(SEED);
  const faulty = new Set<string>();
  for (let n = 0; n < STEPS; n++) {
    const [file, yaml, isFaulty] = step({ next, faults, backends, pairs, broken });
    if (isFaulty) faulty.add(file);
    else faulty.delete(file);
    if (yaml === undefined) rmSync(join(gateway.folder, file), { force: true });
    else writeFileSync(join(gateway.folder, file), yaml);
    if (next() < 0.6) await gateway.apply("mark.yaml", "");
  }
  for (const file of faulty) rmSync(join(gateway.folder, file), { force: true });
  await gateway.apply("mark.yaml", "");

  for (const running of loads) {
    const { failures, closed } = await running.stop();
    expect({ failures: failures.slice(0, 5), closed }).toEqual({ failures: [], closed: 0 });
  }
  const files = readdirSync(gateway.folder).map((file) => [
    file,
    readFileSync(join(gateway.folder, file), "utf8"),
  ]);
  const fresh = await start(Object.fromEntries(files));
  const dump = async (each: TestGateway) => {
    const all = await configDump(each.envoy(), [`${each.httpPort}`, `${each.httpsPort}`]);
    // Each control plane makes its own default certificate.
    const { "dynamic_active_secrets default": _, ...rest } = all;
    return rest;
  };
  // What filter chains that are gone have used goes when they have drained.
  await expect.poll(() => dump(gateway), { timeout: 20_000 }).toEqual(await dump(fresh));
}
