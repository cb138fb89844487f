import { Command } from "commander";
import { bootstrapCommand } from "./bootstrap-command.ts";
import { checkCommand } from "./check-command.ts";
import { diffCommand } from "./diff-command.ts";
import { explainCommand } from "./explain-command.ts";
import { migrateCommand } from "./migrate-command.ts";
import { run } from "./run.ts";
import { addSettingOptions, type SettingFlags, settingsOf } from "./setting-options.ts";
import { translateCommand } from "./translate-command.ts";
import { waitCommand } from "./wait-command.ts";

const RUN_EXAMPLES = `
Examples:
  sluice run examples/quickstart
  sluice run manifests --http-port 80 --https-port 443 --ingress-class nginx
  sluice run --kube --watch-namespace shop --watch-namespace news
  SLUICE_LOG_LEVEL=debug sluice run manifests`;

const SERVE_EXAMPLES = `
Examples:
  sluice serve manifests --xds-address unix:/run/sluice/xds.sock
  sluice serve --kube --xds-address unix:/run/sluice/xds.sock
  sluice bootstrap --xds-address unix:/run/sluice/xds.sock > envoy.yaml && envoy -c envoy.yaml`;

const WATCHED = "folders or files of Kubernetes YAML or JSON, watched; needed unless there is --kube";

/** The command line. Nothing runs until it is parsed; bad usage then throws a `CommanderError`. */
export function createProgram(): Command {
  const program = new Command("sluice")
    .description("An ingress gateway: Kubernetes Ingress in, Envoy over ADS out.")
    .showHelpAfterError("(add --help for what is possible)")
    .exitOverride();
  addSettingOptions(
    program
      .command("run")
      .description("run the gateway: the control plane, and an Envoy that it starts, watches and drains")
      .argument("[DIR...]", WATCHED)
      .addHelpText("after", RUN_EXAMPLES),
  ).action(async (paths: string[], flags: SettingFlags) => {
    await run({ paths, settings: settingsOf(flags), withEnvoy: true });
  });
  addSettingOptions(
    program
      .command("serve")
      .description("run the control plane alone; Envoys connect to --xds-address")
      .argument("[DIR...]", WATCHED)
      .addHelpText("after", SERVE_EXAMPLES),
  ).action(async (paths: string[], flags: SettingFlags) => {
    await run({ paths, settings: settingsOf(flags), withEnvoy: false });
  });
  const others = [
    bootstrapCommand(),
    checkCommand(),
    translateCommand(),
    diffCommand(),
    explainCommand(),
    migrateCommand(),
    waitCommand(),
  ];
  for (const command of others) program.addCommand(command.copyInheritedSettings(program));
  return program;
}
