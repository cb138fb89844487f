import type { Feature, Key } from "../../packages/feature-api/src/index.ts";
import { declarationOf } from "../annotations/index-page.ts";
import { KEY_GROUPS, PENDING } from "../annotations/reference-keys.ts";
import type { PassedTest } from "./read-report.ts";

/** How many passed tests stand for a key. */
export interface Cases {
  readonly files: readonly string[];
  /** Tests that had a good value of it parsed. */
  readonly good: number;
  /** Tests with a bad value of it. */
  readonly bad: number;
  /** Tests in which something else was said of it. */
  readonly noted: number;
}

export interface CoverageRow {
  readonly group: string;
  readonly key: string;
  /** The feature file; undefined: nothing declares the key. */
  readonly file?: string;
  /** The work that a key waits for which nothing declares yet. */
  readonly pending?: string;
  readonly unit: Cases;
  readonly e2e: {
    readonly files: readonly string[];
    /** Tests that sent requests on which it acted. */
    readonly requests: number;
    /** Tests that looked at what is said of it. */
    readonly reports: number;
  };
  /** What is missing, in words; empty: nothing. */
  readonly holes: readonly string[];
}

/** A row for each key of the reference, in its order. Unit cases count from the test beside the feature's file alone. */
export function coverageTable(
  features: readonly Feature[],
  tests: readonly PassedTest[],
): readonly CoverageRow[] {
  return KEY_GROUPS.flatMap(({ title, keys }) =>
    keys.map((key) => {
      const found = declarationOf(features, key);
      const work = Object.keys(PENDING).find((each) => PENDING[each]?.includes(key));
      const pending = found === undefined ? work : undefined;
      const row = {
        group: title,
        key,
        ...(found === undefined ? {} : { file: `packages/features/src/${found.feature.id}.ts` }),
        ...(pending === undefined ? {} : { pending }),
        unit: unitCases(key, found?.feature.id, tests),
        e2e: e2eCases(key, tests),
      };
      return { ...row, holes: pending === undefined ? holesOf(row, found?.key) : [] };
    }),
  );
}

function unitCases(key: string, id: string | undefined, tests: readonly PassedTest[]): Cases {
  const own = tests.filter(({ file }) => file === `packages/features/src/${id}.test.ts`);
  const having = (verdict: "good" | "bad" | "noted"): number =>
    own.filter(({ parsed }) => (parsed[key]?.[verdict] ?? 0) > 0).length;
  const files = filesOf(own.filter(({ parsed }) => parsed[key] !== undefined));
  return { files, good: having("good"), bad: having("bad"), noted: having("noted") };
}

function e2eCases(key: string, tests: readonly PassedTest[]): CoverageRow["e2e"] {
  const requests = tests.filter(({ requested }) => has(requested, key));
  const reports = tests.filter(({ reported }) => has(reported, key));
  return { files: filesOf([...requests, ...reports]), requests: requests.length, reports: reports.length };
}

/** Whether a count is of the key; `*` stands for any name. */
function has(counts: Readonly<Record<string, number>>, key: string): boolean {
  if (!key.endsWith("*")) return Object.hasOwn(counts, key);
  return Object.keys(counts).some((name) => name.startsWith(key.slice(0, -1)) && name.length >= key.length);
}

function filesOf(tests: readonly PassedTest[]): readonly string[] {
  return [...new Set(tests.map(({ file }) => file))].sort();
}

function holesOf(
  { unit, e2e }: Pick<CoverageRow, "unit" | "e2e">,
  key: Key<never> | undefined,
): readonly string[] {
  if (key === undefined) return ["no feature declares it"];
  const unitHoles =
    key.effect === undefined
      ? [
          unit.good > 0 ? "" : "no unit test with a good value",
          unit.bad > 0 ? "" : "no unit test with a bad value",
        ]
      : [unit.noted + unit.bad > 0 ? "" : "no unit test of its report"];
  const e2eHoles = [
    e2e.requests > 0 ? "" : "no e2e test by requests",
    key.effect === undefined || e2e.reports > 0 ? "" : "no e2e test of its report",
  ];
  return [...unitHoles, ...e2eHoles].filter((hole) => hole !== "");
}
