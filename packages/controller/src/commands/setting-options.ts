import { type Command, Option } from "commander";
import { loadSettings } from "../config/load-settings.ts";
import { flagOf, SETTINGS, type SettingName, type Settings, variableOf } from "../config/settings.ts";

/** Adds a flag for each of the given settings, and `--config`. Values are checked later, together with the file's. */
export function addSettingOptions(command: Command, names: readonly SettingName[] = ALL): Command {
  for (const name of names) {
    command.addOption(optionOf(name));
  }
  return command.option("--config <FILE>", "read settings from a YAML file [SLUICE_CONFIG]");
}

function optionOf(name: SettingName): Option {
  const { schema, value, doc } = SETTINGS[name];
  const fallback = value === "" ? undefined : schema.safeParse(undefined).data;
  const shown = fallback === undefined || Array.isArray(fallback) ? "" : ` (default: ${fallback})`;
  const flag = value === "" ? `--${flagOf(name)}` : `--${flagOf(name)} <${value}>`;
  const option = new Option(flag, `${doc}${shown} [${variableOf(name)}]`);
  if (!("repeatable" in SETTINGS[name])) return option;
  return option.argParser((text: string, before: string | undefined) =>
    before === undefined ? text : `${before},${text}`,
  );
}

// The keys of a constant are its setting names.
const ALL = Object.keys(SETTINGS) as SettingName[];

/** The settings that decide what becomes of the objects: what commands take that translate without serving. */
export const TRANSLATION_SETTINGS: readonly SettingName[] = [
  "ingressClass",
  "controllerName",
  "mseIngressConfig",
  "managed",
  "sslRedirect",
  "allowExternalName",
  "sslPassthrough",
  "allowCrossNamespace",
  "trustedHops",
  "listenAddress",
  "httpPort",
  "httpsPort",
  "publicHttpPort",
  "publicHttpsPort",
  "accessLog",
  "tracingCollector",
  "clientLimitStatus",
];

/** Flags as commander hands them over: settings, and options of the command's own, which are not looked at here. */
export type SettingFlags = object & { readonly config?: string };

/** Settings from flags, the environment and the file of `--config`. */
export function settingsOf(flags: SettingFlags): Settings {
  const { config = process.env.SLUICE_CONFIG, ...values } = flags;
  return loadSettings({ flags: { ...values }, env: process.env, ...(config ? { file: config } : {}) });
}
