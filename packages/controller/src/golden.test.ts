import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { type TranslateFlags, translateCommand, translation } from "./commands/translate-command.ts";

const folder = join(import.meta.dirname, "../golden");
const base = join(folder, "base.yaml");
const isUpdate = process.env.UPDATE_GOLDEN === "1";
const MAX_LINES = 120;

/** What the case asks for, as `sluice translate` would print it, after its diagnostics. */
async function translate(input: string): Promise<string> {
  const options = /^# sluice: (.+)\n/.exec(readFileSync(input, "utf8"))?.[1]?.split(" ");
  if (options === undefined) throw new Error(`${input} does not start with "# sluice: OPTIONS"`);
  const command = translateCommand();
  command.parseOptions(options);
  const { text, diagnostics } = await translation([base, input], command.opts<TranslateFlags>());
  const found = diagnostics.map(({ severity, code, message }) => `# ${severity}[${code}] ${message}\n`);
  return `${found.join("")}${text}`;
}

describe("golden", () => {
  test.each(globSync("*/*/input.yaml", { cwd: folder }).sort())("%s", async (name) => {
    const input = join(folder, name);
    const expected = join(dirname(input), "expected.yaml");
    const text = await translate(input);
    // A listener has every filter.
    const most = input.includes("listeners/") ? 12 * MAX_LINES : MAX_LINES;
    expect(text.split("\n").length).toBeLessThanOrEqual(most);
    expect(text).toContain('"@type"');
    if (isUpdate) writeFileSync(expected, text);
    expect(text).toBe(readFileSync(expected, "utf8"));
  });

  test("no expected file is without its input", () => {
    const orphans = () =>
      globSync("*/*/expected.yaml", { cwd: folder })
        .map((name) => join(folder, name))
        .filter((file) => !existsSync(join(dirname(file), "input.yaml")));
    if (isUpdate) for (const file of orphans()) rmSync(file);
    expect(orphans()).toEqual([]);
  });
});
