import type { BuildOptions } from "esbuild";

const FIRST_LINES = [
  // An older Node would end with the first thing that it lacks, in words that say nothing of its version.
  'if (parseInt(process.versions.node, 10) < 24) { console.error("sluice: Node 24 or newer is needed; this is " + process.versions.node + "."); process.exit(2); }',
  // Packages in CommonJS call `require` for Node's own modules, which an ES module lacks.
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
];

/** How sources become one file that plain Node runs. */
export const BUNDLE_OPTIONS = {
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  banner: { js: FIRST_LINES.join("\n") },
  // Stack traces and the names of derivations stay readable; size matters little on a server.
  keepNames: true,
  // Optional accelerators of ws, which it does without.
  external: ["bufferutil", "utf-8-validate"],
} as const satisfies BuildOptions;
