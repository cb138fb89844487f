/**
 * `make bench-kube`: measures the gateway on a real API server, for each size in N, as a table on the terminal and in
 * `bench/kube-results.json`; with `--format json` the terminal gets that as well. Progress goes to standard error.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { buildTools } from "../../e2e/cluster/src/build-tools.ts";
import { CLUSTER_TOOLS } from "../../e2e/cluster/src/tools.ts";
import { BUNDLE_OPTIONS } from "../../scripts/bundle-options.ts";
import { KubeResult } from "./result.ts";
import { tableOf } from "./table.ts";

const ROOT = join(import.meta.dirname, "../..");
const RESULTS = join(ROOT, "bench/kube-results.json");

const { values } = parseArgs({ options: { format: { type: "string", default: "table" } } });
const sizes = (process.env.N ?? "1000,5000").split(",").map(Number);
if (!sizes.every((n) => Number.isInteger(n) && n >= 100)) {
  console.error(`N must be a list of whole numbers from 100, as N=1000,5000; got ${process.env.N}`);
  process.exit(2);
}
if (values.format !== "table" && values.format !== "json") {
  console.error(`--format must be table or json; got ${values.format}`);
  process.exit(2);
}
const say = (line: string): void => console.error(line);

await buildTools({ names: CLUSTER_TOOLS, onProgress: say });
const folder = mkdtempSync(join(ROOT, "dist-bench-"));
try {
  const bundle = join(folder, "sluice.mjs");
  await build({
    ...BUNDLE_OPTIONS,
    external: [...BUNDLE_OPTIONS.external],
    entryPoints: [join(ROOT, "packages/controller/src/cli.ts")],
    outfile: bundle,
    outExtension: {},
    logLevel: "error",
  });
  const results: KubeResult[] = [];
  for (const n of sizes) {
    say(`${n} Ingresses`);
    results.push(KubeResult.parse(JSON.parse(await measured(bundle, n))));
    writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  }
  console.log(values.format === "json" ? JSON.stringify(results, null, 2) : tableOf(results));
  say(`Written to ${RESULTS}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs the inner half for one size, and returns what it prints. */
async function measured(bundle: string, n: number): Promise<string> {
  const args = [process.execPath, join(import.meta.dirname, "measure.ts"), bundle, `${n}`];
  const child = spawn(join(ROOT, "scripts/in-netns.sh"), args, { stdio: ["ignore", "pipe", "inherit"] });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const output = await text(child.stdout);
  if ((await code) !== 0) throw new Error(`the measurement with ${n} Ingresses failed; see above`);
  return output;
}
