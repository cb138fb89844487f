#!/usr/bin/env node
import { createProgram } from "./commands/program.ts";
import { errorText } from "./operator-error.ts";

try {
  await createProgram().parseAsync();
} catch (error) {
  process.stderr.write(`sluice: ${errorText(error)}\n`);
  if (process.env.SLUICE_LOG_LEVEL === "debug") console.error(error);
  process.exitCode = 1;
}
