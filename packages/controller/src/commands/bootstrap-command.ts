import { bootstrap } from "@sluice/envoy";
import { Command, Option } from "commander";
import { stringify } from "yaml";

interface BootstrapFlags {
  readonly nodeId: string;
  readonly cluster: string;
  readonly xdsAddress: string;
  readonly adminAddress: string;
  readonly stateOfTheWorld?: boolean;
  readonly format: "json" | "yaml";
}

/** `sluice bootstrap`: prints what an Envoy of yours needs to take its configuration from `sluice serve`. */
export function bootstrapCommand(): Command {
  return new Command("bootstrap")
    .description("print an Envoy bootstrap for a node and an xDS address")
    .requiredOption("--xds-address <ADDRESS>", "where xDS is served, unix:PATH or HOST:PORT")
    .option("--node-id <ID>", "unique among the nodes of a control plane", "sluice-node")
    .option("--cluster <NAME>", "the node's group", "sluice")
    .option("--admin-address <ADDRESS>", "Envoy's admin interface, HOST:PORT or unix:PATH", "127.0.0.1:9901")
    .option("--state-of-the-world", "ask for state of the world instead of delta")
    .addOption(new Option("--format <FORMAT>").choices(["json", "yaml"]).default("yaml"))
    .addHelpText(
      "after",
      "\nExample:\n  sluice bootstrap --xds-address unix:/run/sluice/xds.sock > envoy.yaml && envoy -c envoy.yaml",
    )
    .action((flags: BootstrapFlags) => {
      const config = bootstrap({
        nodeId: flags.nodeId,
        cluster: flags.cluster,
        xdsAddress: flags.xdsAddress,
        adminAddress: flags.adminAddress,
        delta: flags.stateOfTheWorld !== true,
      });
      process.stdout.write(
        flags.format === "json" ? `${JSON.stringify(config, null, 2)}\n` : stringify(config),
      );
    });
}
