/**
 * Writes `gen/` (schema and types) from the protos. Run at set-up; does nothing when its inputs are those of
 * the last run. `--force` runs it all the same.
 */
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MESSAGE_NAMES, PACKAGE_PREFIXES } from "../own/aliases.ts";
import { ADDED_FIELDS, SENSITIVE_FIELDS } from "../own/fields.ts";
import type { Descriptor } from "../src/descriptor.ts";
import { addFields, buildDescriptor } from "./build-descriptor.ts";
import { buildTypes } from "./build-types.ts";
import { loadProtos, locate, PROTO_PACKAGE } from "./load.ts";

const HOME = join(import.meta.dirname, "..");
const GEN = join(HOME, "gen");
const STAMP = join(GEN, ".stamp");

function generate(): void {
  const entries = readEntries();
  const root = loadProtos(entries);
  addFields(root, ADDED_FIELDS);
  const files = new Set(entries.map(locate));
  const descriptor = buildDescriptor(root, (file) => file !== null && files.has(file), SENSITIVE_FIELDS);
  mkdirSync(GEN, { recursive: true });
  replace(
    join(GEN, "types.d.ts"),
    buildTypes(descriptor, { packagePrefixes: PACKAGE_PREFIXES, messageNames: MESSAGE_NAMES }),
  );
  replace(join(GEN, "descriptor.js"), descriptorModule(descriptor));
  replace(join(GEN, "descriptor.d.ts"), DESCRIPTOR_TYPES);
  // Last, so that a run that was cut short is repeated.
  replace(STAMP, stamp);
}

/** A module and not a JSON file: tsc would infer a type of half a megabyte, and bundlers take it as it is. */
function descriptorModule(descriptor: Descriptor): string {
  return `export default JSON.parse(${JSON.stringify(JSON.stringify(descriptor))});\n`;
}

const DESCRIPTOR_TYPES = `import type { Descriptor } from "../src/descriptor.ts";
declare const descriptor: Descriptor;
export default descriptor;
`;

function readEntries(): string[] {
  const lines = readFileSync(join(HOME, "entry.txt"), "utf8").split("\n");
  const entries = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  const missing = entries.filter((entry) => locate(entry) === undefined);
  if (missing.length > 0) throw new Error(`no such protos: ${missing.join(", ")}`);
  return entries;
}

/** Everything the output depends on. Packages are immutable, so their `package.json` stands for them. */
function hashInputs(): string {
  const own = globSync(["entry.txt", "own/**/*.{proto,ts}", "scripts/*.ts", "src/descriptor.ts"], {
    cwd: HOME,
  });
  const files = [...own.sort().map((file) => join(HOME, file)), join(PROTO_PACKAGE, "package.json")];
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(`${file.slice(HOME.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex");
}

function readStamp(): string | undefined {
  try {
    return readFileSync(STAMP, "utf8");
  } catch {
    return undefined;
  }
}

/** Through a rename, so that a reader never sees half a file. */
function replace(file: string, content: string): void {
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, content);
  renameSync(partial, file);
}

const stamp = hashInputs();
if (process.argv.includes("--force") || stamp !== readStamp()) generate();
