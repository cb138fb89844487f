import { PLAIN } from "@sluice/explain";
import type { Diagnostic } from "@sluice/model";
import { describe, expect, test } from "vitest";
import type { Finding } from "./findings.ts";
import { renderFindings } from "./render-findings.ts";
import { createSourceTexts } from "./source-texts.ts";
import { summarize, summaryText } from "./summary.ts";

const base: Diagnostic = { code: "annotation-value", severity: "warning", message: "It cannot be used." };

function render(stdin: string, place: Omit<NonNullable<Finding["place"]>, "file">): string {
  const texts = createSourceTexts(stdin);
  return renderFindings([{ diagnostic: base, place: { file: "-", ...place } }], texts, PLAIN);
}

describe("renderFindings", () => {
  test("marks what it is about", () => {
    expect(render("a\n\tk: bad\n", { line: 2, column: 5, endColumn: 8 })).toBe(
      [
        "(standard input)",
        "",
        "  2:5 warning [annotation-value]",
        "    It cannot be used.",
        "      |",
        "    2 |  k: bad",
        "      |     ^^^",
        "",
      ].join("\n"),
    );
  });

  test("shows the part of a long line that it is about", () => {
    const lines = render(`${"x".repeat(500)}BAD${"y".repeat(500)}`, {
      line: 1,
      column: 501,
      endColumn: 504,
    }).split("\n");
    const [source = "", marks = ""] = lines.slice(5, 7);
    expect(source.length).toBeLessThan(140);
    expect(source.slice(marks.indexOf("^"), marks.lastIndexOf("^") + 1)).toBe("BAD");
  });

  test("shows no line of a document with a Secret, whether or not it can be parsed", () => {
    const secret = 'data: { password: c2VjcmV0 }\nkind: "Secret"\nx: [\n---\nkind: Service\n';
    expect(render(secret, { line: 1, column: 1, endColumn: 5 })).not.toContain("c2VjcmV0");
    expect(render(secret, { line: 5, column: 1, endColumn: 5 })).toContain("kind: Service");
  });

  test("lets nothing steer the terminal", () => {
    expect(render("k: \u001b[2J", { line: 1, column: 4, endColumn: 5 })).not.toContain("\u001b");
  });

  test("groups by file, and ends with what no file holds", () => {
    const place = (file: string, line: number) => ({ file, line, column: 1, endColumn: 2 });
    const findings = [
      { diagnostic: base, place: place("a", 1) },
      { diagnostic: base, place: place("a", 2) },
      { diagnostic: base, place: place("b", 1) },
      { diagnostic: base },
    ];
    const titles = renderFindings(findings, createSourceTexts(undefined), PLAIN)
      .split("\n")
      .filter((line) => /^\S/.test(line));
    expect(titles).toEqual(["a", "b", "(in no file)"]);
  });
});

test.each([
  [[], "no problems in 0 files (0 Ingresses)"],
  [["error"], "1 error in 1 file (0 Ingresses)"],
  [["error", "warning", "warning", "info"], "1 error, 2 warnings, 1 note in 1 file (0 Ingresses)"],
] as const)("a summary of %o", (severities, expected) => {
  const diagnostics = severities.map((severity): Diagnostic => {
    return { ...base, severity, location: { file: "a", line: 1, column: 1 } };
  });
  expect(summaryText(summarize(diagnostics, []))).toBe(expected);
});
