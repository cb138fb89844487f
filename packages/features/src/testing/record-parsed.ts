import type { AnnotationSet, Feature } from "@sluice/feature-api";
import type { Diagnostic } from "@sluice/model";
import { TestRunner } from "vitest";

const BAD: readonly string[] = [
  "annotation-value",
  "annotation-value-denied",
  "annotation-secret",
  "annotation-unsupported",
];

declare module "vitest" {
  interface TaskMeta {
    /** For `make coverage`: the keys (without prefix) that the test had parsed, and how often each way. */
    parsed?: Record<string, ParsedCount>;
  }
}

/** `good`: nothing was said of the value. `bad`: it cannot be used. `noted`: it can, but something was said, as that it has no effect. */
export interface ParsedCount {
  good: number;
  bad: number;
  noted: number;
}

/** Notes with the running test which keys a feature was given, and which of them it had something to say of. */
export function recordParsed(feature: Feature, set: AnnotationSet, diagnostics: readonly Diagnostic[]): void {
  const meta = TestRunner.getCurrentTest()?.meta;
  if (meta === undefined) return;
  meta.parsed ??= {};
  for (const { annotation, text } of set.values()) {
    const name = declaredAs(feature, annotation.slice(annotation.indexOf("/") + 1));
    if (name === undefined || (text === "" && feature.keys[name]?.blankCounts !== true)) continue;
    meta.parsed[name] ??= { good: 0, bad: 0, noted: 0 };
    meta.parsed[name][verdict(diagnostics.filter((found) => found.key === annotation))]++;
  }
}

function verdict(found: readonly Diagnostic[]): keyof ParsedCount {
  if (found.length === 0) return "good";
  return found.some(({ code }) => BAD.includes(code)) ? "bad" : "noted";
}

/** The key, or its other name, as declared: with `*` for what stands for it. */
function declaredAs(feature: Feature, key: string): string | undefined {
  for (const [name, { aliases = [], each }] of Object.entries(feature.keys)) {
    if (name === key || aliases.includes(key)) return key;
    if (each && key.startsWith(name.slice(0, -1)) && key.length >= name.length) return name;
  }
  return undefined;
}
