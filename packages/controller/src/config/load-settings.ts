import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import { flagOf, SETTINGS, Settings, variableOf } from "./settings.ts";

export interface SettingsInput {
  /** Values given as flags, by setting name. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file of `--config`, if given. */
  readonly file?: string;
}

/** Joins flags, variables and the configuration file. Throws an {@link OperatorError} that names what is wrong and where. */
export function loadSettings({ flags, env, file }: SettingsInput): Settings {
  const fromFile = file === undefined ? {} : readFile(file);
  const merged: Record<string, unknown> = { ...fromFile };
  const source = new Map(Object.keys(fromFile).map((name) => [name, `${name} in ${file}`]));
  for (const name of Object.keys(SETTINGS)) {
    const variable = env[variableOf(name)];
    if (variable !== undefined && variable !== "") {
      merged[name] = variable;
      source.set(name, variableOf(name));
    }
    if (flags[name] !== undefined) {
      merged[name] = flags[name];
      source.set(name, `--${flagOf(name)}`);
    }
  }
  const result = Settings.safeParse(merged);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => fault(issue, source, file));
  throw new OperatorError("settings", faults.join("\n"), { hint: "See sluice run --help for all settings." });
}

function fault(
  issue: z.core.$ZodIssue,
  source: ReadonlyMap<string, string>,
  file: string | undefined,
): string {
  if (issue.code === "unrecognized_keys")
    return `${file ?? "The configuration"} has keys that are not known: ${issue.keys.join(", ")}.`;
  const name = String(issue.path[0] ?? "");
  return `${source.get(name) ?? name} cannot be used: ${issue.message}.`;
}

function readFile(file: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new OperatorError("config-file", `The configuration file ${file} cannot be read: ${reason}`, {
      cause,
    });
  }
  const result = z.record(z.string(), z.unknown()).safeParse(content ?? {});
  if (result.success) return result.data;
  throw new OperatorError("config-file", `The configuration file ${file} does not hold a map of settings.`);
}
