import { createRequire } from "node:module";
import { DIAGNOSTIC_CODES, type Diagnostic, type DiagnosticCode } from "@sluice/model";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import type { Finding } from "./findings.ts";
import { sarifLog } from "./sarif.ts";
import { createSourceTexts } from "./source-texts.ts";

/** The official schema of SARIF 2.1.0, which is of JSON schema draft 4: from there to draft 7 only these names changed. */
function officialSchema(): object {
  const require = createRequire(import.meta.url);
  const {
    $schema: _draft,
    id: _id,
    ...schema
  } = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
  return schema;
}

const validate = new Ajv({
  strict: false,
  validateFormats: false,
  unicodeRegExp: false,
  allErrors: true,
}).compile(officialSchema());

const findings: Finding[] = Object.keys(DIAGNOSTIC_CODES).flatMap((code) =>
  (["error", "warning", "info"] as const).map((severity): Finding => {
    const diagnostic: Diagnostic = {
      // The keys of the table are the codes.
      code: code as DiagnosticCode,
      severity,
      message: "It is so.",
      ...(severity === "info"
        ? {}
        : {
            origin: { object: { kind: "Ingress", namespace: "a", name: "b" }, field: "spec.rules[0]" },
            key: "k",
            value: "v",
            expected: "w",
            hint: "Do it.",
          }),
    };
    const place = {
      file: severity === "error" ? "a b/ü.yaml" : "/abs.yaml",
      line: 1,
      column: 2,
      endColumn: 3,
    };
    return severity === "info" ? { diagnostic } : { diagnostic, place };
  }),
);

test("a log is valid by the official schema", () => {
  const log = sarifLog(findings, createSourceTexts(undefined));
  expect(validate(log) ? [] : validate.errors).toEqual([]);
  expect(validate({ ...log, version: "2.0.0" })).toBe(false);
});

test("a result leads to its rule, its place and its object", () => {
  const [finding] = findings.filter(({ diagnostic }) => diagnostic.code === "rule-invalid");
  const log = sarifLog(finding === undefined ? [] : [finding], createSourceTexts(undefined));
  const ruleIndex = Object.keys(DIAGNOSTIC_CODES).indexOf("rule-invalid");
  expect(log).toMatchObject({
    runs: [
      {
        tool: { driver: { rules: Object.keys(DIAGNOSTIC_CODES).map((id) => ({ id })) } },
        results: [
          {
            ruleId: "rule-invalid",
            ruleIndex,
            level: "error",
            message: { text: "It is so. Expected: w. Do it." },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: "a%20b/%C3%BC.yaml" },
                  region: { startLine: 1, startColumn: 2, endColumn: 3 },
                },
                logicalLocations: [{ fullyQualifiedName: "Ingress/a/b/spec.rules[0]" }],
              },
            ],
          },
        ],
      },
    ],
  });
});
