import { type Command, Option } from "commander";
import { flagOf, SETTINGS, type SettingName, variableOf } from "../config/settings.ts";

/** Adds a flag for each of the given settings, and `--config`. Values are checked later, together with the file's. */
export function addSettingOptions(command: Command, names: readonly SettingName[] = ALL): Command {
  for (const name of names) {
    const { value, doc } = SETTINGS[name];
    const fallback = SETTINGS[name].schema.safeParse(undefined).data;
    const shown = fallback === undefined ? "" : ` (default: ${fallback})`;
    command.addOption(new Option(`--${flagOf(name)} <${value}>`, `${doc}${shown} [${variableOf(name)}]`));
  }
  return command.option("--config <FILE>", "read settings from a YAML file [SLUICE_CONFIG]");
}

// The keys of a constant are its setting names.
const ALL = Object.keys(SETTINGS) as SettingName[];
