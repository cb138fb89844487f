/**
 * `make build`: bundles the command-line tool, and the echo backend for the demo, into single files under `dist/`
 * that run with a plain Node 24: nothing else of the checkout is needed. The image is made of them.
 */
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

/** Packages in CommonJS call `require` for Node's own modules, which an ES module lacks. */
const REQUIRE =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

await rm(DIST, { recursive: true, force: true });
const result = await build({
  entryPoints: {
    sluice: join(ROOT, "packages/controller/src/cli.ts"),
    "echo-backend": join(ROOT, "packages/echo-backend/src/cli.ts"),
  },
  outdir: DIST,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  banner: { js: REQUIRE },
  // Stack traces and the names of derivations stay readable; size matters little on a server.
  keepNames: true,
  legalComments: "linked",
  // Optional accelerators of ws, which it does without.
  external: ["bufferutil", "utf-8-validate"],
  metafile: true,
  logLevel: "warning",
});
await chmod(join(DIST, "sluice.mjs"), 0o755);
for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  if (file.endsWith(".mjs")) console.log(`${file}  ${(bytes / 1024).toFixed(0)} KiB`);
}
