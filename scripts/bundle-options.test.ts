import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { expect, test } from "vitest";
import { BUNDLE_OPTIONS } from "./bundle-options.ts";

/** Runs the first lines of a bundle on a Node that says that it has this version. */
async function run(version: string): Promise<string> {
  const pretend = `Object.defineProperty(process, "versions", { value: { node: "${version}" } });`;
  const { code } = await transform(`console.log(typeof require);`, BUNDLE_OPTIONS_OF_TRANSFORM);
  const args = [
    "--import",
    `data:text/javascript,${encodeURIComponent(pretend)}`,
    "--input-type=module",
    "--eval",
    code,
  ];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args).catch((error) => error);
  return stdout + stderr;
}

const BUNDLE_OPTIONS_OF_TRANSFORM = { banner: BUNDLE_OPTIONS.banner.js, format: BUNDLE_OPTIONS.format };

test.each([
  ["20.20.2", "sluice: Node 24 or newer is needed; this is 20.20.2.\n"],
  ["24.0.0", "function\n"],
  ["100.1.0", "function\n"],
])("on Node %s", async (version, output) => {
  expect(await run(version)).toBe(output);
});
