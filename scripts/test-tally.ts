/** How a step of the test run ended, in checks. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A step that is one check, told by the exit code of its command (null: it was ended by a signal). */
export function tallyOfCommand(exitCode: number | null): Tally {
  return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
}

/**
 * A step that is a run of vitest, by the text of its JSON report (undefined: there is none) and its exit code.
 * What no test stands for counts as one failure: no report, no test at all, or an exit code other than 0 without a
 * failed test, such as after a file that cannot be loaded or an error outside of all tests.
 */
export function tallyOfVitest(report: string | undefined, exitCode: number | null): Tally {
  const {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests,
    numTodoTests,
  } = readReport(report);
  const silent = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: silent ? 1 : failed, skipped: numPendingTests + numTodoTests };
}

/** A check for each key of the annotation reference that something declares: whether tests stand for it. */
export function tallyOfCoverage(
  rows: readonly { readonly pending?: string; readonly holes: readonly string[] }[],
): Tally {
  const due = rows.filter(({ pending }) => pending === undefined);
  const failed = due.filter(({ holes }) => holes.length > 0).length;
  return { passed: due.length - failed, failed, skipped: 0 };
}

const NUMBERS = ["numPassedTests", "numFailedTests", "numPendingTests", "numTodoTests"] as const;

function readReport(text: string | undefined): Record<(typeof NUMBERS)[number], number> {
  const counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  let report: unknown;
  try {
    report = JSON.parse(text ?? "");
  } catch {
    return counts;
  }
  if (typeof report !== "object" || report === null) return counts;
  for (const [key, value] of Object.entries(report)) {
    const name = NUMBERS.find((number) => number === key);
    if (name !== undefined && typeof value === "number") counts[name] = value;
  }
  return counts;
}

/** The sum of all steps. */
export function sum(tallies: readonly Tally[]): Tally {
  const total = (key: keyof Tally) => tallies.reduce((all, tally) => all + tally[key], 0);
  return { passed: total("passed"), failed: total("failed"), skipped: total("skipped") };
}
