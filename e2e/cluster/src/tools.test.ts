import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildTools } from "./build-tools.ts";
import { requiredVersion, requireHelm, requireTools } from "./tools.ts";

let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "sluice-tools-"));
});

afterEach(() => {
  rmSync(cache, { recursive: true, force: true });
});

describe("the version in a go.mod file", () => {
  test.each([
    ["in a line of its own", "module x\n\nrequire a.example/b v1.2.3\n"],
    ["in a block", "require (\n\ta.example/bb v9.9.9\n\ta.example/b v1.2.3 // indirect\n)\n"],
  ])("%s", (_where, text) => {
    expect(requiredVersion(text, "a.example/b")).toBe("1.2.3");
  });

  test("is missing", () => {
    expect(() => requiredVersion("replace a.example/b => a.example/c v1.0.0\n", "a.example/b")).toThrow(
      "a.example/b",
    );
  });
});

test("tools that are not built are named, with the command that builds them", () => {
  expect(() => requireTools({ SLUICE_CACHE: cache })).toThrow(
    /etcd 3\.\d+\.\d+, kube-apiserver 1\.\d+\.\d+.* make cluster-tools/s,
  );
});

test("Helm that is not built is named likewise, and the cluster does without it", () => {
  const env = { SLUICE_CACHE: cache };
  expect(() => requireHelm(env)).toThrow(/needs helm \d+\.\d+\.\d+, .* make cluster-tools/s);
  expect(() => requireTools(env)).toThrow(/^(?!.*helm)/s);
});

test("without Go one is told what to install", async () => {
  const env = { SLUICE_CACHE: cache, PATH: cache };
  await expect(buildTools({ env, onProgress: () => {} })).rejects.toMatchObject({
    code: "go-missing",
    message: expect.stringMatching(/Go 1\.\d+.*go\.dev/s),
  });
});
