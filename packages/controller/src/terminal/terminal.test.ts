import { describe, expect, test } from "vitest";
import { styleFor, wantsColour } from "./colour.ts";
import { printable } from "./printable.ts";
import { createProgress } from "./progress.ts";

describe("colour", () => {
  test.each([
    ["a terminal", true, {}, true],
    ["a pipe", undefined, {}, false],
    ["a dumb terminal", true, { TERM: "dumb" }, false],
    ["NO_COLOR", true, { NO_COLOR: "1" }, false],
    ["NO_COLOR set to nothing", true, { NO_COLOR: "" }, true],
    ["FORCE_COLOR", undefined, { FORCE_COLOR: "1" }, true],
    ["FORCE_COLOR on a dumb terminal", true, { FORCE_COLOR: "1", TERM: "dumb" }, true],
    ["FORCE_COLOR=0", true, { FORCE_COLOR: "0" }, false],
    ["both", true, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  ])("%s", (_, isTTY, env, expected) => {
    const stream = isTTY === undefined ? {} : { isTTY };
    expect(wantsColour(stream, env)).toBe(expected);
    expect(styleFor(stream, env).bad("x") === "x").toBe(!expected);
  });
});

test("text that would steer a terminal is shown, not obeyed", () => {
  expect(printable("a\u001b[31mb\r\nc\td\u202e")).toBe("a\ufffd[31mb\ufffd\ufffdc d\ufffd");
});

describe("progress", () => {
  const written = (isTTY: boolean): string => {
    const texts: string[] = [];
    const progress = createProgress({ isTTY, write: (text) => texts.push(text) });
    progress.clear();
    progress.say("one");
    progress.say("two\n");
    progress.clear();
    progress.clear();
    return texts.join("|");
  };

  test("is one line of a terminal, and gone at the end", () => {
    expect(written(true)).toBe("\r\u001b[Kone|\r\u001b[Ktwo\ufffd|\r\u001b[K");
  });

  test("is nothing elsewhere", () => {
    expect(written(false)).toBe("");
  });
});
