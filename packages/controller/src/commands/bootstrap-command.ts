import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bootstrap, probeListener, type XdsTls, xdsSecretFiles } from "@sluice/envoy";
import { Command, InvalidArgumentError, Option } from "commander";
import { stringify } from "yaml";
import { OperatorError } from "../operator-error.ts";

interface BootstrapFlags {
  readonly nodeId: string;
  readonly cluster: string;
  readonly xdsAddress: string;
  readonly adminAddress: string;
  readonly probePort?: number;
  readonly xdsTlsFolder?: string;
  readonly xdsServerName?: string;
  readonly stateOfTheWorld?: boolean;
  readonly output?: string;
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
    .option(
      "--probe-port <PORT>",
      "let anybody ask for /ready and /stats/prometheus on this port, as kubelet and Prometheus do",
      portOf,
    )
    .option(
      "--xds-tls-folder <DIR>",
      "reach xDS by mutual TLS, with tls.crt, tls.key and ca.crt of this folder; needs --output",
    )
    .option("--xds-server-name <NAME>", "DNS name that the control plane's certificate must have")
    .option("--state-of-the-world", "ask for state of the world instead of delta")
    .addOption(new Option("--format <FORMAT>").choices(["json", "yaml"]).default("yaml"))
    .option("--output <FILE>", "write to this file, only its owner may read it, instead of standard output")
    .addHelpText(
      "after",
      "\nExample:\n  sluice bootstrap --xds-address unix:/run/sluice/xds.sock > envoy.yaml && envoy -c envoy.yaml",
    )
    .action((flags: BootstrapFlags) => {
      const xdsTls = xdsTlsOf(flags);
      const config = bootstrap({
        nodeId: flags.nodeId,
        cluster: flags.cluster,
        xdsAddress: flags.xdsAddress,
        adminAddress: flags.adminAddress,
        delta: flags.stateOfTheWorld !== true,
        ...(xdsTls === undefined ? {} : { xdsTls }),
        ...(flags.probePort === undefined
          ? {}
          : { extensions: probeListener({ port: flags.probePort, adminAddress: flags.adminAddress }) }),
      });
      const text = flags.format === "json" ? `${JSON.stringify(config, null, 2)}\n` : stringify(config);
      if (flags.output === undefined) process.stdout.write(text);
      else write(flags.output, text);
      for (const [name, content] of Object.entries(xdsTls === undefined ? {} : xdsSecretFiles(xdsTls)))
        write(join(xdsTls?.sdsFolder ?? "", name), `${JSON.stringify(content, null, 2)}\n`);
    });
}

/** Envoy follows certificates only by files that say where they are: these go beside the bootstrap. */
function xdsTlsOf({ xdsTlsFolder, xdsServerName, xdsAddress, output }: BootstrapFlags): XdsTls | undefined {
  if (xdsTlsFolder === undefined) return undefined;
  if (output === undefined)
    throw new OperatorError("usage", "--xds-tls-folder needs --output.", {
      hint: "Two more files that Envoy needs are written beside the bootstrap.",
    });
  return {
    folder: resolve(xdsTlsFolder),
    serverName: xdsServerName ?? xdsAddress.replace(/:\d+$/, ""),
    sdsFolder: dirname(resolve(output)),
  };
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (cause) {
    const message = `The bootstrap cannot be written to ${file}: ${cause instanceof Error ? cause.message : cause}`;
    throw new OperatorError("usage", message, { cause, hint: "Name a file in a folder that is there." });
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535)
    throw new InvalidArgumentError("It must be a whole number from 1 to 65535.");
  return port;
}
