import { Command, InvalidArgumentError, Option } from "commander";
import { summarize, summaryText } from "../report/summary.ts";
import { resourcesAsJson, resourcesAsYaml, whereObjectsAre } from "../resources/print-resources.ts";
import { RESOURCE_TYPE_NAMES, typeUrlOfName } from "../resources/resource-types.ts";
import { selectResources } from "../resources/select-resources.ts";
import { createProgress } from "../terminal/progress.ts";
import { chosenGateways, type GatewayFlag, gatewayOption } from "./gateway-option.ts";
import { addSettingOptions, type SettingFlags, settingsOf, TRANSLATION_SETTINGS } from "./setting-options.ts";
import { type TranslatedInput, translateInput } from "./translate-input.ts";

export interface TranslateFlags extends SettingFlags, GatewayFlag {
  readonly format: "yaml" | "json";
  /** Type URLs. */
  readonly type?: readonly string[];
  readonly name?: readonly string[];
  readonly origins?: boolean;
}

const HELP = `
Resources are canonical proto JSON, in a fixed order, with secrets redacted. Where there are several gateways, each resource
says whose it is.

Examples:
  sluice translate manifests
  sluice translate --type clusters,endpoints --origins manifests
  sluice translate --managed --gateway test manifests
  sluice translate --type vhds --name 'http/*.example.com' --format json manifests`;

/** `sluice translate`: what an Envoy would be served. */
export function translateCommand(): Command {
  const command = new Command("translate")
    .description("print the xDS resources that the gateway would serve to Envoy")
    .argument("<DIR...>", "folders or files of Kubernetes YAML or JSON, or - for standard input")
    .addOption(
      new Option("--format <FORMAT>", "how to print resources").choices(["yaml", "json"]).default("yaml"),
    )
    .option("--type <TYPES>", `only these, separated by commas: ${RESOURCE_TYPE_NAMES.join(", ")}`, typeUrls)
    .option(
      "--name <NAME>",
      "only resources of this name, in which * stands for any text; may be repeated",
      appended,
    )
    .addOption(gatewayOption("only the resources of this gateway"))
    .option("--origins", "name the objects behind each resource")
    .addHelpText("after", HELP);
  return addSettingOptions(command, TRANSLATION_SETTINGS).action(
    async (paths: string[], flags: TranslateFlags) => {
      const { text, diagnostics, input } = await translation(paths, flags);
      const summary = summarize(diagnostics, input.objects);
      if (summary.errors + summary.warnings > 0)
        process.stderr.write(`sluice: ${summaryText(summary)}; sluice check tells more\n`);
      process.stdout.write(text);
    },
  );
}

/** What `sluice translate` prints, and what it was made of. */
export async function translation(
  paths: readonly string[],
  flags: TranslateFlags,
): Promise<TranslatedInput & { readonly text: string }> {
  const translated = await translateInput(paths, settingsOf(flags), createProgress());
  const { gateways, input } = translated;
  const selection = { typeUrls: flags.type ?? [], names: flags.name ?? [] };
  const selected = chosenGateways(gateways, flags.gateway).map(({ name, resources }) => ({
    ...(gateways.length > 1 && { gateway: name }),
    resources: selectResources(resources, selection),
  }));
  const whereIs = flags.origins ? whereObjectsAre(input.objects) : undefined;
  const print = flags.format === "json" ? resourcesAsJson : resourcesAsYaml;
  return { ...translated, text: print(selected, whereIs) };
}

function typeUrls(text: string, before: readonly string[] = []): readonly string[] {
  const named = text.split(",").map((name) => {
    const typeUrl = typeUrlOfName(name.trim());
    if (typeUrl === undefined)
      throw new InvalidArgumentError(`It takes one or more of ${RESOURCE_TYPE_NAMES.join(", ")}.`);
    return typeUrl;
  });
  return [...before, ...named];
}

function appended(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
