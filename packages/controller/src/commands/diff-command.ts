import { diff, type GatewayModel, isEmpty, renderDiff } from "@sluice/explain";
import { Command, Option } from "commander";
import { selfSignedCertificate } from "../gateway/self-signed.ts";
import { summarize, summaryText } from "../report/summary.ts";
import { diffResources, isSame, renderResourceDiff } from "../resources/resource-diff.ts";
import { styleFor } from "../terminal/colour.ts";
import { createProgress } from "../terminal/progress.ts";
import { EXIT } from "./exit-status.ts";
import { addSettingOptions, type SettingFlags, settingsOf, TRANSLATION_SETTINGS } from "./setting-options.ts";
import { type TranslatedInput, translateInput } from "./translate-input.ts";

interface DiffFlags extends SettingFlags {
  readonly format: "text" | "json";
  readonly resources?: boolean;
}

const HELP = `
Exit status: 0 if nothing differs, 1 if something does, 2 in case of trouble.

Examples:
  sluice diff manifests-before manifests-after
  sluice diff --resources manifests-before manifests-after
  git show HEAD~:shop.yaml | sluice diff - shop.yaml`;

/** `sluice diff`: what a change of the objects changes for clients, and for Envoy. */
export function diffCommand(): Command {
  const command = new Command("diff")
    .description("say in words what differs between two sets of objects: hosts, routes, weights, endpoints")
    .argument("<BEFORE>", "a folder or file, or - for standard input")
    .argument("<AFTER>", "the same for the state after the change")
    .option("--resources", "also list the xDS resources that differ, and where")
    .addOption(
      new Option("--format <FORMAT>", "how to print differences").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", HELP);
  return addSettingOptions(command, TRANSLATION_SETTINGS).action(compare);
}

async function compare(beforePath: string, afterPath: string, flags: DiffFlags): Promise<void> {
  const settings = settingsOf(flags);
  const progress = createProgress();
  // One for both sides, or they would differ in it.
  const certificate = await selfSignedCertificate(Date.now());
  const before = await translateInput([beforePath], settings, progress, certificate);
  const after = await translateInput([afterPath], settings, progress, certificate);
  tellErrors(beforePath, before);
  tellErrors(afterPath, after);
  const words = diff(before.model satisfies GatewayModel, after.model satisfies GatewayModel);
  const resources = diffResources(before.resources, after.resources);
  process.exitCode = isEmpty(words) && isSame(resources) ? EXIT.fine : EXIT.findings;
  if (flags.format === "json") {
    const result = { ...words, ...(flags.resources && { resources }) };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const style = styleFor(process.stdout);
  process.stdout.write(renderDiff(words, style));
  if (flags.resources)
    process.stdout.write(`\n${style.bold("Resources")}\n${renderResourceDiff(resources, style)}`);
  else if (isEmpty(words) && !isSame(resources))
    process.stdout.write("Resources differ; --resources lists them.\n");
}

/** Or what cannot be read looks as if it had been taken away. */
function tellErrors(path: string, { diagnostics, input }: TranslatedInput): void {
  const summary = summarize(diagnostics, input.objects);
  if (summary.errors === 0) return;
  process.stderr.write(`sluice: ${path} has ${summaryText(summary)}; what is in error is left out\n`);
}
