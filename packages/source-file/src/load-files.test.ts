import { execFileSync } from "node:child_process";
import { symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadFiles } from "./load-files.ts";
import { MAX_FILE_BYTES } from "./read-text.ts";
import { type Sandbox, sandbox, serviceYaml } from "./testing.ts";

let box: Sandbox;

beforeEach(() => {
  box = sandbox();
});

afterEach(() => box.remove());

function load(...paths: string[]): { names: string[]; findings: string[] } {
  const { objects, diagnostics } = loadFiles(paths);
  const base = (file = ""): string => file.slice(file.lastIndexOf("/") + 1);
  return {
    names: objects.map(({ kind, metadata, location }) => `${kind} ${metadata.name} ${base(location?.file)}`),
    findings: diagnostics.map(
      ({ code, location }) => `${code} ${base(location?.file)}:${location?.line}:${location?.column}`,
    ),
  };
}

describe("loadFiles", () => {
  it("reads folders and files in any number, each file once", () => {
    box.write("one/a.yaml", serviceYaml("a"));
    box.write("two/b.json", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"b"}}`);
    box.write("c.txt", serviceYaml("c"));
    expect(load(box.path("one"), box.path("two"), box.path("c.txt"), box.path("one/a.yaml"))).toEqual({
      names: ["Namespace b b.json", "Service a a.yaml", "Service c c.txt"],
      findings: [],
    });
  });

  it("reads standard input as `-`", () => {
    const { objects, diagnostics } = loadFiles(["-"], { stdin: Buffer.from(`${serviceYaml("a")}---\na: [`) });
    expect(objects).toEqual([]);
    expect(diagnostics[0]?.location).toEqual({ file: "-", line: 8, column: 5 });
    expect(loadFiles(["-"], { stdin: serviceYaml("a") }).objects[0]?.location?.file).toBe("-");
  });

  it("takes the first file by name, and the first document in a file", () => {
    box.write("b.yaml", serviceYaml("x"));
    box.write("a.yaml", `${serviceYaml("x")}---\n${serviceYaml("x", "NodePort")}`);
    expect(load(box.folder)).toEqual({
      names: ["Service x a.yaml"],
      findings: ["object-duplicate a.yaml:8:1", "object-duplicate b.yaml:1:1"],
    });
  });

  it("names what cannot be read and reads the rest", () => {
    box.write("a.yaml", serviceYaml("a"));
    box.write("bom.yaml", `\uFEFF${serviceYaml("bom")}`);
    writeFileSync(box.path("bytes.yaml"), Buffer.from([97, 10, 98, 58, 0xff]));
    writeFileSync(box.path("large.yaml"), "");
    truncateSync(box.path("large.yaml"), MAX_FILE_BYTES + 1);
    execFileSync("mkfifo", [box.path("pipe.yaml")]);
    symlinkSync("/dev/zero", box.path("zero.yaml"));
    symlinkSync("nowhere", box.path("link.yaml"));
    expect(load(box.folder, box.path("missing"))).toEqual({
      names: ["Service a a.yaml", "Service bom bom.yaml"],
      findings: [
        "file-syntax bytes.yaml:2:3",
        "file-unreadable large.yaml:1:1",
        "file-unreadable link.yaml:1:1",
        "file-unreadable missing:1:1",
        "file-unreadable pipe.yaml:1:1",
        "file-unreadable zero.yaml:1:1",
      ],
    });
  });
});
