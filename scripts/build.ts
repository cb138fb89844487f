/**
 * `make build`: bundles the command-line tool, and the echo backend for the demo, into single files under `dist/`
 * that run with a plain Node 24: nothing else of the checkout is needed. The image is made of them.
 */
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { BUNDLE_OPTIONS } from "./bundle-options.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

await rm(DIST, { recursive: true, force: true });
const result = await build({
  ...BUNDLE_OPTIONS,
  external: [...BUNDLE_OPTIONS.external],
  entryPoints: {
    sluice: join(ROOT, "packages/controller/src/cli.ts"),
    "echo-backend": join(ROOT, "packages/echo-backend/src/cli.ts"),
  },
  outdir: DIST,
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
});
await chmod(join(DIST, "sluice.mjs"), 0o755);
for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  if (file.endsWith(".mjs")) console.log(`${file}  ${(bytes / 1024).toFixed(0)} KiB`);
}
