import { diff, type GatewayModel, isEmpty, type ModelDiff, renderDiff, type Style } from "@sluice/explain";
import { Command, Option } from "commander";
import { selfSignedCertificate } from "../gateway/self-signed.ts";
import type { JudgedGateway } from "../gateway/translate-once.ts";
import { summarize, summaryText } from "../report/summary.ts";
import { diffResources, isSame, type ResourceDiff, renderResourceDiff } from "../resources/resource-diff.ts";
import { styleFor } from "../terminal/colour.ts";
import { createProgress } from "../terminal/progress.ts";
import { EXIT } from "./exit-status.ts";
import { chosenGateways, type GatewayFlag, gatewayOption } from "./gateway-option.ts";
import { addSettingOptions, type SettingFlags, settingsOf, TRANSLATION_SETTINGS } from "./setting-options.ts";
import { type TranslatedInput, translateInput } from "./translate-input.ts";

interface DiffFlags extends SettingFlags, GatewayFlag {
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
    .addOption(gatewayOption("only what differs for this gateway"))
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
  const all = bothSides(before.gateways, after.gateways);
  const diffs = chosenGateways(all, flags.gateway).map(gatewayDiff);
  process.exitCode = diffs.every(isNothing) ? EXIT.fine : EXIT.findings;
  const isOne = all.length === 1;
  if (flags.format === "json") {
    const results = diffs.map(({ name, words, resources }) => ({
      ...(!isOne && { gateway: name }),
      ...words,
      ...(flags.resources && { resources }),
    }));
    process.stdout.write(`${JSON.stringify(isOne ? results[0] : { gateways: results }, null, 2)}\n`);
    return;
  }
  const style = styleFor(process.stdout);
  const isListed = flags.resources === true;
  if (isOne) process.stdout.write(diffs.map((one) => renderGatewayDiff(one, isListed, style)).join(""));
  else process.stdout.write(renderGatewayDiffs(diffs, isListed, style));
}

/** A gateway before and after; absent on a side where it does not exist. */
interface GatewayPair {
  readonly name: string;
  readonly before: JudgedGateway | undefined;
  readonly after: JudgedGateway | undefined;
}

interface GatewayDiff extends GatewayPair {
  readonly words: ModelDiff;
  readonly resources: ResourceDiff;
}

/** All gateways of either side, by name. */
function bothSides(
  before: readonly JudgedGateway[],
  after: readonly JudgedGateway[],
): readonly GatewayPair[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort();
  return names.map((name) => ({
    name,
    before: before.find((gateway) => gateway.name === name),
    after: after.find((gateway) => gateway.name === name),
  }));
}

const NOTHING: GatewayModel = {
  virtualHosts: new Map(),
  clusters: new Map(),
  loadAssignments: new Map(),
  certificates: new Map(),
};

function gatewayDiff(pair: GatewayPair): GatewayDiff {
  const { before, after } = pair;
  return {
    ...pair,
    words: diff(before?.model ?? NOTHING, after?.model ?? NOTHING),
    resources: diffResources(before?.resources ?? [], after?.resources ?? []),
  };
}

function isNothing({ words, resources }: GatewayDiff): boolean {
  return isEmpty(words) && isSame(resources);
}

function renderGatewayDiffs(diffs: readonly GatewayDiff[], isListed: boolean, style: Style): string {
  const different = diffs.filter((one) => !isNothing(one));
  if (different.length === 0) return "No gateway differs.\n";
  return different
    .map((one) => {
      const note = one.before === undefined ? " (new)" : one.after === undefined ? " (gone)" : "";
      return `${style.bold(`Gateway ${one.name}`)}${note}\n\n${renderGatewayDiff(one, isListed, style)}`;
    })
    .join("\n");
}

function renderGatewayDiff({ words, resources }: GatewayDiff, isListed: boolean, style: Style): string {
  const said = renderDiff(words, style);
  if (isListed) return `${said}\n${style.bold("Resources")}\n${renderResourceDiff(resources, style)}`;
  const isUnsaid = isEmpty(words) && !isSame(resources);
  return isUnsaid ? `${said}Resources differ; --resources lists them.\n` : said;
}

/** Or what cannot be read looks as if it had been taken away. */
function tellErrors(path: string, { diagnostics, input }: TranslatedInput): void {
  const summary = summarize(diagnostics, input.objects);
  if (summary.errors === 0) return;
  process.stderr.write(`sluice: ${path} has ${summaryText(summary)}; what is in error is left out\n`);
}
