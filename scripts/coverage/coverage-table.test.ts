import { describe, expect, test } from "vitest";
import { bool, defineFeature, type Feature } from "../../packages/feature-api/src/index.ts";

import { coverageTable } from "./coverage-table.ts";
import { coverageText } from "./print-table.ts";
import { type PassedTest, passedTests } from "./read-report.ts";

const info = { doc: "Does it.", example: "true" };

const feature: Feature = defineFeature({
  id: "cors",
  title: "CORS",
  scope: "route",
  onInvalid: "ignore",
  keys: { "enable-cors": bool(info), "proxy-buffering": bool({ ...info, effect: "none" }) },
  parse: () => undefined,
});

const passed = (file: string, notes: Partial<PassedTest>): PassedTest => ({
  file,
  parsed: {},
  requested: {},
  reported: {},
  ...notes,
});

const UNIT = "packages/features/src/cors.test.ts";
const E2E = "e2e/features/cors.e2e.ts";
const count = (part: object) => ({ good: 0, bad: 0, noted: 0, ...part });

const GOOD = passed(UNIT, { parsed: { "enable-cors": count({ good: 3 }) } });
const BAD = passed(UNIT, { parsed: { "enable-cors": count({ bad: 1 }) } });
const REQUESTS = passed(E2E, { requested: { "enable-cors": 5, "proxy-buffering": 1 } });

function rowOf(key: string, tests: readonly PassedTest[]) {
  return coverageTable([feature], tests).find((row) => row.key === key);
}

describe("a key is covered", () => {
  test("by good and bad values in the test of its feature, and by requests", () => {
    expect(rowOf("enable-cors", [GOOD, BAD, REQUESTS])).toEqual({
      group: "CORS",
      key: "enable-cors",
      file: "packages/features/src/cors.ts",
      unit: { files: [UNIT], good: 1, bad: 1, noted: 0 },
      e2e: { files: [E2E], requests: 1, reports: 0 },
      holes: [],
    });
  });

  test.each<[string, PassedTest[], string[]]>([
    ["without a bad value", [GOOD, REQUESTS], ["no unit test with a bad value"]],
    ["without a good one", [BAD, REQUESTS], ["no unit test with a good value"]],
    ["without requests", [GOOD, BAD], ["no e2e test by requests"]],
    [
      "in another test file",
      [{ ...GOOD, file: "packages/features/src/completeness.test.ts" }, BAD, REQUESTS],
      ["no unit test with a good value"],
    ],
  ])("not %s", (_, tests, holes) => {
    expect(rowOf("enable-cors", tests)?.holes).toEqual(holes);
  });

  test("if it does nothing, by its report in both and by requests", () => {
    expect(rowOf("proxy-buffering", [REQUESTS])?.holes).toEqual([
      "no unit test of its report",
      "no e2e test of its report",
    ]);
    const noted = passed(UNIT, { parsed: { "proxy-buffering": count({ noted: 1 }) } });
    const reported = passed(E2E, { reported: { "proxy-buffering": 1 } });
    expect(rowOf("proxy-buffering", [REQUESTS, noted, reported])?.holes).toEqual([]);
  });

  test("not if nothing declares it, unless it is pending", () => {
    expect(rowOf("cors-max-age", [])?.holes).toEqual(["no feature declares it"]);
    expect(rowOf("auth-type", [])).toMatchObject({ pending: "authentication and WAF", holes: [] });
  });
});

test("only what passed tests noted counts", () => {
  const meta = { requested: { canary: 1 } };
  const report = {
    testResults: [
      {
        name: "/repo/e2e/a.e2e.ts",
        assertionResults: [{ status: "passed", meta }, { status: "failed", meta }, { status: "passed" }],
      },
    ],
  };
  expect(passedTests(JSON.stringify(report), "/repo")).toEqual([
    { file: "e2e/a.e2e.ts", parsed: {}, requested: { canary: 1 }, reported: {} },
    { file: "e2e/a.e2e.ts", parsed: {}, requested: {}, reported: {} },
  ]);
  expect(passedTests("{}", "/repo")).toEqual([]);
});

test("the table names what is missing, and sums up", () => {
  const text = coverageText(coverageTable([feature], [GOOD, REQUESTS]));
  expect(text).toMatch(/^enable-cors +cors\.ts +1\/0\/0 +1\/0 +cors +no unit test with a bad value$/m);
  expect(text).toMatch(/\n\d+ keys: 0 covered, \d+ pending, \d+ with holes\n$/);
});
