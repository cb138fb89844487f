import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ownNamespace } from "./own-namespace.ts";

test("the namespace is the setting's, else the pod's, else default", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-namespace-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "namespace");
  expect(ownNamespace({ namespace: undefined }, file)).toBe("default");
  writeFileSync(file, "sluice-system\n");
  expect(ownNamespace({ namespace: undefined }, file)).toBe("sluice-system");
  expect(ownNamespace({ namespace: "mine" }, file)).toBe("mine");
});
