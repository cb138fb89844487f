import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { type LoadedFiles, loadFiles, STDIN } from "@sluice/source-file";
import { OperatorError } from "../operator-error.ts";

/** What was read, and how to read it again for reports. */
export interface Input extends LoadedFiles {
  /** What standard input held, if it was among the paths. */
  readonly stdin: string | undefined;
}

/**
 * Reads the files and folders that a command was given; `-` is standard input. Throws an {@link OperatorError} for a
 * path that is not there; what is wrong inside of one is a diagnostic.
 */
export async function readInput(paths: readonly string[]): Promise<Input> {
  for (const path of paths)
    if (path !== STDIN && !existsSync(path))
      throw new OperatorError("input", `There is no file or folder ${path}.`, {
        hint: "Give folders or files of Kubernetes YAML or JSON, or - for standard input.",
      });
  const stdin = paths.includes(STDIN) ? await text(process.stdin) : undefined;
  return { ...loadFiles(paths, stdin === undefined ? {} : { stdin }), stdin };
}
