/**
 * `node scripts/test.ts [lint] [types] [unit] [e2e] [coverage]`: runs the steps named, or all, each to its end whatever the
 * others did (coverage judges what unit and e2e left), and ends with `N passed, N failed`. The exit code is 1 when anything failed, or nothing was tested.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { features } from "../packages/features/src/index.ts";
import { coverageTable } from "./coverage/coverage-table.ts";
import { coverageText } from "./coverage/print-table.ts";
import { passedTests } from "./coverage/read-report.ts";
import { sum, type Tally, tallyOfCommand, tallyOfCoverage, tallyOfVitest } from "./test-tally.ts";

const ROOT = join(import.meta.dirname, "..");
const reports = mkdtempSync(join(tmpdir(), "sluice-test-"));

const STEPS = {
  lint: () => check("pnpm", ["--pm-on-fail=ignore", "run", "--silent", "lint"]),
  types: () => check("pnpm", ["--pm-on-fail=ignore", "run", "--silent", "typecheck"]),
  unit: () => vitest("unit", []),
  e2e: async () => {
    // Out here there is a network. Without Go it says what to install, and the tests of the cluster fail for want of it.
    await exitCode([process.execPath, join(ROOT, "e2e/cluster/src/cli.ts"), "tools"]);
    await exitCode([process.execPath, join(ROOT, "e2e/redis/cli.ts")]);
    return vitest("e2e", [join(ROOT, "scripts/in-netns.sh")]);
  },
  coverage: async () => {
    const files = ["unit", "e2e"].map((name) => join(reports, `${name}.json`));
    const tests = files.flatMap((file) => passedTests(readIfThere(file) ?? "{}", ROOT));
    const rows = coverageTable(features, tests);
    console.log(coverageText(rows.filter(({ holes }) => holes.length > 0)));
    return tallyOfCoverage(rows);
  },
} satisfies Record<string, () => Promise<Tally>>;

type StepName = keyof typeof STEPS;

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => !isStep(arg));
  if (unknown !== undefined) {
    console.error(`test: there is no step ${unknown}; there are ${Object.keys(STEPS).join(", ")}`);
    return 2;
  }
  const tallies: Tally[] = [];
  for (const step of Object.keys(STEPS).filter(isStep)) {
    if (args.length === 0 || args.includes(step)) tallies.push(await run(step));
  }
  const { passed, failed } = sum(tallies);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

function isStep(name: string): name is StepName {
  return Object.hasOwn(STEPS, name);
}

async function run(step: StepName): Promise<Tally> {
  console.log(`==> ${step}`);
  const started = Date.now();
  const tally = await STEPS[step]();
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`<== ${step}: ${tally.passed} passed, ${tally.failed} failed${skipped} (${seconds} s)\n`);
  return tally;
}

async function check(command: string, args: readonly string[]): Promise<Tally> {
  return tallyOfCommand(await exitCode([command, ...args]));
}

async function vitest(project: string, wrapper: readonly string[]): Promise<Tally> {
  const report = join(reports, `${project}.json`);
  const args = [
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const code = await exitCode([...wrapper, join(ROOT, "node_modules/.bin/vitest"), ...args]);
  return tallyOfVitest(readIfThere(report), code);
}

/** Runs a command on our own terminal. One that cannot be started says so and counts as failed. */
function exitCode([command = "", ...args]: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", (error) => {
      console.error(`test: ${error.message}`);
      resolve(1);
    });
    child.on("close", (code) => resolve(code));
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

// Ctrl-C reaches the step itself, too; when it has ended, what is known so far is still summed up.
process.on("SIGINT", () => {});
process.exitCode = await main(process.argv.slice(2)).finally(() =>
  rmSync(reports, { recursive: true, force: true }),
);
