import { Command } from "commander";
import { loadSettings } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { bootstrapCommand } from "./bootstrap-command.ts";
import { run } from "./run.ts";
import { addSettingOptions } from "./setting-options.ts";

const RUN_EXAMPLES = `
Examples:
  sluice run examples/quickstart
  sluice run manifests --http-port 80 --https-port 443 --ingress-class nginx
  SLUICE_LOG_LEVEL=debug sluice run manifests`;

/** The command line. Nothing runs until it is parsed. */
export function createProgram(): Command {
  const program = new Command("sluice")
    .description("An ingress gateway: Kubernetes Ingress in, Envoy over ADS out.")
    .showHelpAfterError("(add --help for what is possible)");
  addSettingOptions(
    program
      .command("run")
      .description("run the gateway: the control plane, and an Envoy that it starts, watches and drains")
      .argument("<DIR...>", "folders or files of Kubernetes YAML or JSON, watched")
      .addHelpText("after", RUN_EXAMPLES),
  ).action(async (paths: string[], flags: Flags) => {
    await run({ paths, settings: settingsOf(flags), withEnvoy: true });
  });
  addSettingOptions(
    program
      .command("serve")
      .description("run the control plane alone; Envoys connect to --xds-address")
      .argument("<DIR...>", "folders or files of Kubernetes YAML or JSON, watched"),
  ).action(async (paths: string[], flags: Flags) => {
    await run({ paths, settings: settingsOf(flags), withEnvoy: false });
  });
  program.addCommand(bootstrapCommand());
  return program;
}

type Flags = Record<string, unknown> & { config?: string };

/** Settings from flags, the environment and the file of `--config`. */
export function settingsOf(flags: Flags): Settings {
  const { config = process.env.SLUICE_CONFIG, ...values } = flags;
  return loadSettings({ flags: values, env: process.env, ...(config ? { file: config } : {}) });
}
