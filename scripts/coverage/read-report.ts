import type { ParsedCount } from "../../packages/features/src/testing/record-parsed.ts";

/** A test that passed, with what its helpers noted about annotations. */
export interface PassedTest {
  /** Path of its file, from the root of the repository. */
  readonly file: string;
  readonly parsed: Readonly<Record<string, ParsedCount>>;
  readonly requested: Readonly<Record<string, number>>;
  readonly reported: Readonly<Record<string, number>>;
}

/** The tests that passed, of a JSON report of vitest. Of one that is none: nothing. */
export function passedTests(report: string, root: string): readonly PassedTest[] {
  // What vitest writes; the notes are those of our own helpers.
  const { testResults = [] } = JSON.parse(report) as {
    testResults?: readonly {
      name: string;
      assertionResults: readonly { status: string; meta?: Partial<PassedTest> }[];
    }[];
  };
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "passed")
      .map(({ meta }) => ({
        parsed: {},
        requested: {},
        reported: {},
        ...meta,
        file: name.replace(`${root}/`, ""),
      })),
  );
}
