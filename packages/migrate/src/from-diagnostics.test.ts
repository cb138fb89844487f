import { expect, test } from "vitest";
import { fromDiagnostic } from "./from-diagnostics.ts";

test("a rule that is dropped is refused: its path comes to another rule, which may lack its protection", () => {
  const diagnostic = {
    code: "rule-invalid",
    severity: "error",
    message: "The rule is dropped.",
    expected: "a regular expression in RE2 syntax",
  } as const;
  expect(fromDiagnostic(diagnostic, "use-regex")).toEqual({
    outcome: "refused",
    text: "The rule is dropped. Expected: a regular expression in RE2 syntax.",
  });
});
