import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DIAGNOSTIC_CODES } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { createProgram } from "./commands/program.ts";
import { flagOf, SETTINGS } from "./config/settings.ts";
import { CLI_TIMEOUT_MS, runShell } from "./testing/run-cli.ts";

const docs = join(import.meta.dirname, "../../../docs");
const cli = readFileSync(join(docs, "cli.md"), "utf8");
const migration = readFileSync(join(docs, "migrate.md"), "utf8");
const diagnostics = readFileSync(join(docs, "diagnostics.md"), "utf8");

/** The sections of a page, by heading. */
function sections(page: string): Map<string, string> {
  const parts = page.split(/^## (.+)$/m).slice(1);
  return new Map(parts.flatMap((part, at) => (at % 2 === 0 ? [[part, parts[at + 1] ?? ""] as const] : [])));
}

const commands = createProgram().commands;
const settingFlags = new Set([...Object.keys(SETTINGS).map(flagOf), "config"]);

describe("docs/cli.md, and the examples of docs/migrate.md", () => {
  const page = sections(cli);

  test("has a section for each command, and no other", () => {
    expect([...page.keys()].sort()).toEqual(
      [...commands.map((command) => command.name()), "Settings"].sort(),
    );
  });

  test.each(commands.map((command) => [command.name(), command] as const))(
    "names all options of %s",
    (name, command) => {
      const section = page.get(name) ?? "";
      const own = command.options.filter(
        ({ long }) => !settingFlags.has(long?.slice(2) ?? "") || name === "bootstrap",
      );
      for (const { long } of own) expect(section).toContain(`\`${long} `.replace(/ $/, ""));
      const named = [...section.matchAll(/^\| (?:`-\w`, )?`(--[a-z-]+)/gm)].map(([, flag]) => flag);
      expect(named.sort()).toEqual(own.map(({ long }) => long).sort());
      if (own.length < command.options.length) expect(section).toContain("[settings](#settings)");
    },
  );

  test("names all settings, with a star those that commands take which run once", () => {
    const rows = [...(page.get("Settings") ?? "").matchAll(/^\| `--([a-z-]+)(?: [^`]*)?`( \*)?/gm)];
    expect(rows.map(([, flag]) => flag).sort()).toEqual([...settingFlags].sort());
    const check = commands.find((command) => command.name() === "check")?.options ?? [];
    const starred = rows.filter(([, , star]) => star !== undefined).map(([, flag]) => `--${flag}`);
    const taken = check.map(({ long }) => long ?? "").filter((flag) => settingFlags.has(flag.slice(2)));
    expect(starred.sort()).toEqual(taken.sort());
  });

  const examples = [...`${cli}${migration}`.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(
    ([, block = ""]) =>
      block
        .split(/^\$ /m)
        .slice(1)
        .map((example) => example.split(/\n([\s\S]*)/)),
  );
  test.each(examples)("$ %s", { timeout: CLI_TIMEOUT_MS }, async (line, output) => {
    const { stdout, stderr } = await runShell(`${line}`);
    expect(`${stderr}${stdout}`).toBe(output);
  });
});

describe("docs/diagnostics.md", () => {
  const page = sections(diagnostics);

  test("has a section for each code, in their order, and no other", () => {
    expect([...page.keys()]).toEqual(Object.keys(DIAGNOSTIC_CODES));
  });

  test.each(Object.entries(DIAGNOSTIC_CODES))(
    "%s has its meaning, an example, and what to do",
    (code, meaning) => {
      const section = page.get(code) ?? "";
      expect(section).toContain(meaning);
      expect(section).toMatch(/^- Severity: (error|warning|info)/m);
      expect(section).toMatch(/^- Example: `.+`$/m);
      expect(section).toMatch(/^- Mend: .+\.$/m);
    },
  );
});
