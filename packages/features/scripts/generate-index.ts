/**
 * Writes `src/index.ts`, the list of all features, from the files in `src`. Run it after adding one:
 *
 *     node packages/features/scripts/generate-index.ts
 *
 * With `--check` it writes nothing, and ends with 1 if the file is not what it would have written.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { exportName, featureFiles, indexText } from "./index-text.ts";

const source = new URL("../src/", import.meta.url);
const index = new URL("index.ts", source);
const files = featureFiles(readdirSync(source));
const wanted = indexText(files.map((file) => ({ file, name: exportName(file) })));

if (!process.argv.includes("--check")) writeFileSync(index, wanted);
else if (readFileSync(index, "utf8") !== wanted) {
  console.error(
    "packages/features/src/index.ts is stale: run node packages/features/scripts/generate-index.ts",
  );
  process.exitCode = 1;
}
