import { PLAIN, type Style } from "@sluice/explain";

/** What is asked of an output stream. */
export interface Terminal {
  readonly isTTY?: boolean;
}

/**
 * Whether to write colour to a stream: on a terminal only, unless the environment decides. `NO_COLOR` (set to
 * anything, no-color.org) beats `FORCE_COLOR` (anything but empty, `0` and `false`).
 */
export function wantsColour(stream: Terminal, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  const { FORCE_COLOR: force } = env;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** The style for a stream. */
export function styleFor(stream: Terminal, env: NodeJS.ProcessEnv = process.env): Style {
  return wantsColour(stream, env) ? ANSI : PLAIN;
}

const sgr =
  (code: number, end = 39) =>
  (text: string): string =>
    text === "" ? "" : `\u001b[${code}m${text}\u001b[${end}m`;

const ANSI: Style = { bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32), bad: sgr(31), warn: sgr(33) };
