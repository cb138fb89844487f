import { expect, test } from "vitest";
import { sum, tallyOfCommand, tallyOfVitest } from "./test-tally.ts";

const report = (passed: number, failed: number, skipped = 0) =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: 0,
    x: "y",
  });

test.each([
  ["all pass", report(5, 0), 0, { passed: 5, failed: 0, skipped: 0 }],
  ["some fail", report(5, 2), 1, { passed: 5, failed: 2, skipped: 0 }],
  ["some are skipped", report(5, 0, 3), 0, { passed: 5, failed: 0, skipped: 3 }],
  ["a file cannot be loaded", report(5, 0), 1, { passed: 5, failed: 1, skipped: 0 }],
  ["it is killed", report(5, 0), null, { passed: 5, failed: 1, skipped: 0 }],
  ["there are no tests", report(0, 0), 0, { passed: 0, failed: 1, skipped: 0 }],
  ["there is no report", undefined, 0, { passed: 0, failed: 1, skipped: 0 }],
  ["the report is cut short", '{"numPassedTests": 5', 0, { passed: 0, failed: 1, skipped: 0 }],
  ["the report is something else", "null", 0, { passed: 0, failed: 1, skipped: 0 }],
])("vitest: %s", (_what, text, exitCode, tally) => {
  expect(tallyOfVitest(text, exitCode)).toEqual(tally);
});

test.each([
  [0, { passed: 1, failed: 0, skipped: 0 }],
  [1, { passed: 0, failed: 1, skipped: 0 }],
  [null, { passed: 0, failed: 1, skipped: 0 }],
])("a command that ends with %s", (exitCode, tally) => {
  expect(tallyOfCommand(exitCode)).toEqual(tally);
});

test("steps add up", () => {
  expect(sum([tallyOfCommand(0), tallyOfCommand(1), { passed: 7, failed: 2, skipped: 1 }])).toEqual({
    passed: 8,
    failed: 3,
    skipped: 1,
  });
});
