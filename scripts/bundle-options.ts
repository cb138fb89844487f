import type { BuildOptions } from "esbuild";

/** How sources become one file that plain Node runs. */
export const BUNDLE_OPTIONS = {
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // Packages in CommonJS call `require` for Node's own modules, which an ES module lacks.
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
  // Stack traces and the names of derivations stay readable; size matters little on a server.
  keepNames: true,
  // Optional accelerators of ws, which it does without.
  external: ["bufferutil", "utf-8-validate"],
} as const satisfies BuildOptions;
