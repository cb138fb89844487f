#!/usr/bin/env node
import { CommanderError } from "commander";
import { EXIT } from "./commands/exit-status.ts";
import { createProgram } from "./commands/program.ts";
import { errorText } from "./operator-error.ts";
import { endQuietlyWhenUnread } from "./terminal/closed-pipe.ts";

endQuietlyWhenUnread();
try {
  await createProgram().parseAsync();
} catch (error) {
  // Commander has said what is wrong; asking for help is no fault.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.trouble;
  else {
    process.stderr.write(`sluice: ${errorText(error)}\n`);
    if (process.env.SLUICE_LOG_LEVEL === "debug") console.error(error);
    process.exitCode = EXIT.trouble;
  }
}
