import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { JsonObject } from "./json.ts";
import { LOG_FORMAT_ARGUMENTS, parseLogLine } from "./log-line.ts";

export interface Validation {
  readonly ok: boolean;
  /** Envoy's words when it refused; empty when it did not. */
  readonly message: string;
}

/**
 * Whether an Envoy accepts a whole bootstrap, by `--mode validate`: nothing is bound and nothing is connected to.
 * Some 50 to 100 ms. Rejects when the binary cannot be run.
 */
export async function validateConfig(binary: string, config: JsonObject): Promise<Validation> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-validate-"));
  try {
    const file = join(folder, "config.json");
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    const args = [
      "--mode",
      "validate",
      "--config-path",
      file,
      "--disable-hot-restart",
      "--log-level",
      "warning",
    ];
    const result = await execa(binary, [...args, ...LOG_FORMAT_ARGUMENTS], { reject: false });
    if (result.exitCode === undefined) throw result.cause ?? new Error(result.message);
    return result.exitCode === 0
      ? { ok: true, message: "" }
      : { ok: false, message: reason(result.stderr, file) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The last error of the log, without the name of our temporary file; if there is none (a crash), all that was said. */
function reason(stderr: string, file: string): string {
  const records = stderr.split("\n").map(parseLogLine);
  const said = records.findLast((record) => record.component !== "" && record.level === "fatal");
  const text = said?.message ?? stderr;
  return text
    .replace(`error initializing configuration '${file}': `, "")
    .replaceAll(file, "the configuration")
    .trim();
}
