/**
 * `make coverage`: runs the tests of the features, unit and end-to-end, and prints which of them stand for each key of the
 * annotation reference. `--format json` prints it as JSON. `--report FILE`, which may be repeated, reads JSON reports of vitest
 * instead of running anything. The exit code is 1 when a key has a hole.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { features } from "../packages/features/src/index.ts";
import { coverageTable } from "./coverage/coverage-table.ts";
import { coverageText } from "./coverage/print-table.ts";
import { passedTests } from "./coverage/read-report.ts";

const ROOT = join(import.meta.dirname, "..");

const RUNS = [
  { name: "unit", wrapper: [], paths: ["packages/features"] },
  {
    name: "e2e",
    wrapper: [join(ROOT, "scripts/in-netns.sh")],
    paths: ["e2e/features", "e2e/routing/backends.e2e.ts"],
  },
];

const { values } = parseArgs({
  options: {
    format: { type: "string", default: "text" },
    report: { type: "string", multiple: true, default: [] },
  },
});
process.exitCode = main(values.format, values.report);

function main(format: string, given: readonly string[]): number {
  if (format !== "text" && format !== "json") {
    console.error(`coverage: there is no format ${format}; there are text and json`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "sluice-coverage-"));
  try {
    const reports = given.length > 0 ? given : RUNS.map((run) => runTests(run, folder));
    const tests = reports.flatMap((file) =>
      existsSync(file) ? passedTests(readFileSync(file, "utf8"), ROOT) : [],
    );
    const rows = coverageTable(features, tests);
    process.stdout.write(format === "json" ? `${JSON.stringify(rows, null, 2)}\n` : coverageText(rows));
    return rows.some(({ holes }) => holes.length > 0) ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the tests in a folder, telling about it on standard error; the file of the report. */
function runTests({ name, wrapper, paths }: (typeof RUNS)[number], into: string): string {
  const report = join(into, `${name}.json`);
  const args = [
    "run",
    "--project",
    name,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const [command = "", ...rest] = [...wrapper, join(ROOT, "node_modules/.bin/vitest"), ...args, ...paths];
  spawnSync(command, rest, { cwd: ROOT, stdio: ["ignore", process.stderr.fd, process.stderr.fd] });
  return report;
}
