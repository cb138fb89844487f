/**
 * `make chart` and `make manifests`: completes the chart under deploy/helm/sluice by what is made from the sources, so
 * that it can be installed from the checkout; packs it into dist/; renders deploy/manifests/ from it. Helm is built first
 * where it is missing, which needs Go.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ClusterError } from "../e2e/cluster/src/cluster-error.ts";
import { CHART, completeChart, ensureHelm, helm, MANIFESTS, renderManifests } from "../e2e/deploy/chart.ts";

const say = (text: string): void => console.error(`sluice: ${text}`);

async function main([command = "package"]: readonly string[]): Promise<number> {
  if (command !== "package" && command !== "manifests") {
    console.error("usage: node scripts/chart.ts [package|manifests]");
    return 2;
  }
  completeChart();
  await ensureHelm(say);
  if (command === "package") {
    const target = join(import.meta.dirname, "../dist");
    mkdirSync(target, { recursive: true });
    console.log((await helm(["package", CHART, "--destination", target])).trim());
    return 0;
  }
  mkdirSync(MANIFESTS, { recursive: true });
  for (const [name, text] of await renderManifests()) {
    writeFileSync(join(MANIFESTS, name), text);
    console.log(`deploy/manifests/${name}`);
  }
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`sluice: ${error.message}`);
  process.exitCode = 1;
}
