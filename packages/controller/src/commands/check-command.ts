import { findEnvoy } from "@sluice/envoy";
import type { Diagnostic, KubeObject } from "@sluice/model";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Settings } from "../config/settings.ts";
import { distinct } from "../gateway/control-plane.ts";
import { checkWithEnvoy } from "../gateway/envoy-check.ts";
import { type JudgedGateway, translateOnce } from "../gateway/translate-once.ts";
import { type Finding, locateFindings } from "../report/findings.ts";
import { findingsJson } from "../report/findings-json.ts";
import { renderFindings } from "../report/render-findings.ts";
import { sarifLog } from "../report/sarif.ts";
import { createSourceTexts, type SourceTexts } from "../report/source-texts.ts";
import { type Summary, summarize, summaryText } from "../report/summary.ts";
import { styleFor } from "../terminal/colour.ts";
import { createProgress, type Progress } from "../terminal/progress.ts";
import { EXIT } from "./exit-status.ts";
import { chosenGateways, type GatewayFlag, gatewayOption } from "./gateway-option.ts";
import type { Input } from "./read-input.ts";
import { addSettingOptions, type SettingFlags, settingsOf, TRANSLATION_SETTINGS } from "./setting-options.ts";
import { translateInput } from "./translate-input.ts";

type Format = "text" | "json" | "sarif";

interface CheckFlags extends SettingFlags, GatewayFlag {
  readonly format: Format;
  readonly maxWarnings?: number;
  readonly envoy?: boolean;
}

const HELP = `
Exit status: 0 without errors, 1 with errors or too many warnings, 2 if nothing could be checked.

Examples:
  sluice check manifests
  sluice check --max-warnings 0 --format sarif manifests > sluice.sarif
  kustomize build overlays/prod | sluice check --envoy -`;

/** `sluice check`: every diagnostic about the given objects, with its place in the files. */
export function checkCommand(): Command {
  const command = new Command("check")
    .description("check Ingresses and what they refer to: what is wrong, where, and what was expected")
    .argument("<DIR...>", "folders or files of Kubernetes YAML or JSON, or - for standard input")
    .addOption(
      new Option("--format <FORMAT>", "how to print findings")
        .choices(["text", "json", "sarif"])
        .default("text"),
    )
    .option("--max-warnings <N>", "exit with 1 if there are more warnings than this", wholeNumber)
    .addOption(gatewayOption("only what there is to say of this gateway, and of what no gateway has"))
    .option("--envoy", "also ask a real Envoy, which is fetched if there is none")
    .addHelpText("after", HELP);
  return addSettingOptions(command, TRANSLATION_SETTINGS).action(check);
}

async function check(paths: string[], flags: CheckFlags): Promise<void> {
  const settings = settingsOf(flags);
  const progress = createProgress();
  const translated = await translateInput(paths, settings, progress);
  const gateways = chosenGateways(translated.gateways, flags.gateway);
  const found =
    flags.gateway === undefined ? translated.diagnostics : gateways.flatMap((gateway) => gateway.diagnostics);
  const refused = flags.envoy ? await askEnvoy(gateways, translated.input, settings, progress) : [];
  const diagnostics = [...found, ...refused];
  const { objects, stdin } = translated.input;
  const texts = createSourceTexts(stdin);
  const findings = locateFindings(diagnostics, objects, texts);
  const summary = summarize(diagnostics, objects);
  process.stdout.write(print(findings, summary, texts, flags.format));
  const tooMany = flags.maxWarnings !== undefined && summary.warnings > flags.maxWarnings;
  if (tooMany && flags.format === "text")
    process.stderr.write(`sluice: more than ${flags.maxWarnings} warnings (--max-warnings)\n`);
  process.exitCode = summary.errors > 0 || tooMany ? EXIT.findings : EXIT.fine;
}

async function askEnvoy(
  gateways: readonly JudgedGateway[],
  { objects }: Input,
  settings: Settings,
  progress: Progress,
): Promise<readonly Diagnostic[]> {
  try {
    const { path: binary } = await findEnvoy({ onProgress: (text) => progress.say(text) });
    const found: Diagnostic[] = [];
    for (const { name, resources } of gateways) {
      progress.say(`Asking Envoy about ${resources.length} resources …`);
      const translate = async (some: readonly KubeObject[]) => {
        const translated = await translateOnce({ objects: some }, settings);
        return translated.gateways.find((gateway) => gateway.name === name)?.resources ?? [];
      };
      found.push(...(await checkWithEnvoy({ binary, objects, resources, translate })));
    }
    return distinct(found);
  } finally {
    progress.clear();
  }
}

function print(findings: readonly Finding[], summary: Summary, texts: SourceTexts, format: Format): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(findingsJson(findings, summary), null, 2)}\n`;
    case "sarif":
      return `${JSON.stringify(sarifLog(findings, texts), null, 2)}\n`;
    case "text": {
      const style = styleFor(process.stdout);
      const shown = renderFindings(findings, texts, style);
      return `${shown}${shown === "" ? "" : "\n"}${style.bold(summaryText(summary))}\n`;
    }
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It takes a whole number.");
  return Number(text);
}
