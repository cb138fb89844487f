import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { z } from "zod";
import { BUNDLE_OPTIONS } from "../scripts/bundle-options.ts";
import { writeWorld } from "./world.ts";

const Cold = z.object({ coldMs: z.number() });
const Live = z.object({
  changeDerivations: z.number(),
  changeMs: z.number(),
  changeBytes: z.number(),
  endpointDerivations: z.number(),
  endpointMs: z.number(),
  endpointBytes: z.number(),
  rssMb: z.number(),
  liveP50Ms: z.number(),
  liveP99Ms: z.number(),
  /** Median time that Envoy takes to accept one virtual host: the part of `live` that is not ours. */
  envoyMs: z.number(),
});
type Row = { n: number } & z.infer<typeof Cold> & z.infer<typeof Live>;

const SIZES = (process.env.N ?? "100,1000,5000,10000").split(",").map(Number);
const RESULTS = join(import.meta.dirname, "results.json");

// What is measured is what is deployed: a bundle. From the sources, Node's type stripping alone takes some 60 MB.
const bundles = mkdtempSync(join(import.meta.dirname, "../dist-bench-"));
await build({
  ...BUNDLE_OPTIONS,
  external: [...BUNDLE_OPTIONS.external],
  entryPoints: ["cold", "live"].map((name) => join(import.meta.dirname, `${name}.ts`)),
  outdir: bundles,
  logLevel: "error",
});

const rows: Row[] = [];
for (const n of SIZES) {
  if (!Number.isInteger(n) || n < 1)
    throw new Error(`N must be a list of whole numbers, as N=100,1000; got ${process.env.N}`);
  process.stderr.write(`N = ${n} …\n`);
  rows.push(await measure(n));
}
rmSync(bundles, { recursive: true, force: true });
writeFileSync(RESULTS, `${JSON.stringify(rows.map(rounded), null, 2)}\n`);
console.table(rows.map(rounded));
process.stderr.write(`Written to ${RESULTS}\n`);

async function measure(n: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-world-"));
  try {
    const [backend = 0, http = 0, https = 0] = await freePorts(3);
    writeWorld(folder, n, { address: "127.0.0.1", port: backend });
    const cold = Cold.parse(await run("cold.mjs", [folder]));
    const live = Live.parse(await run("live.mjs", [folder, n, backend, http, https].map(String)));
    return { n, ...cold, ...live };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a script in a process of its own, so that memory is its own, and reads its one line of JSON. */
async function run(script: string, args: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", join(bundles, script), ...args],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  return JSON.parse(stdout);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
  );
  // A listening TCP server has an address object.
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function rounded(row: Row): Record<string, number> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, Math.round(value * 100) / 100]),
  );
}
