import { CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { createProgram } from "./program.ts";

/** What the command line says to words that it cannot use, without doing anything. */
async function complaint(words: readonly string[]): Promise<string> {
  const program = createProgram();
  let said = "";
  for (const command of [program, ...program.commands])
    command.configureOutput({ writeErr: (text) => (said += text) });
  await expect(program.parseAsync(words, { from: "user" })).rejects.toThrow(CommanderError);
  return said;
}

describe("bad usage", () => {
  test.each([
    [["chek"], "Did you mean check?"],
    [["check"], "missing required argument 'DIR'"],
    [["check", "--nope", "x"], "unknown option '--nope'"],
    [["check", "--format", "xml", "x"], "Allowed choices are text, json, sarif."],
    [["check", "--max-warnings", "-1", "x"], "It takes a whole number."],
    [["translate", "--type", "lds,xds", "x"], "It takes one or more of lds, listeners"],
    [["diff", "x"], "missing required argument 'AFTER'"],
    [["diff", "x", "y", "z"], "too many arguments"],
    [["explain", "-H", "x", "y", "GET", "http://a/"], "It takes 'Name: value'."],
    [["bootstrap"], "required option '--xds-address <ADDRESS>' not specified"],
  ])("%j: %s", async (words, sentence) => {
    const said = await complaint(words);
    expect(said).toContain(sentence);
    expect(said).toContain("add --help");
  });
});

test.each(createProgram().commands.map((command) => [command.name(), command] as const))(
  "the help of %s has a description and examples",
  (_, command) => {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(command.description()).not.toBe("");
    expect(help).toMatch(new RegExp(`Examples?:\\n(.*\\n)*.*sluice ${command.name()} `));
  },
);
