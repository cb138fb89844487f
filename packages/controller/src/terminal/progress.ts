import { printable } from "./printable.ts";

/** Says on one line of a terminal what a command is doing. */
export interface Progress {
  say(text: string): void;
  /** Takes the line away, before other output. */
  clear(): void;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const CLEAR_LINE = "\r\u001b[K";

/** Writes to a terminal only: files and pipes get nothing. */
export function createProgress(stream: Output = process.stderr): Progress {
  let shown = false;
  return {
    say(text) {
      if (stream.isTTY !== true) return;
      stream.write(`${CLEAR_LINE}${printable(text)}`);
      shown = true;
    },
    clear() {
      if (shown) stream.write(CLEAR_LINE);
      shown = false;
    },
  };
}
