import {
  type Dialect,
  type MigrationReport,
  migrationHtml,
  migrationJson,
  type NotJudged,
  renderText,
} from "@sluice/migrate";
import { type ConfigMap, type Diagnostic, displayName, type KubeObject } from "@sluice/model";
import { Command, Option } from "commander";
import { OperatorError } from "../operator-error.ts";
import { styleFor } from "../terminal/colour.ts";
import { printable } from "../terminal/printable.ts";
import { createProgress, type Progress } from "../terminal/progress.ts";
import { EXIT } from "./exit-status.ts";
import { type FixFlags, fixFiles } from "./migrate-fix.ts";
import { readCluster } from "./migrate-input.ts";
import { judgeMigration } from "./migrate-judge.ts";
import { readInput } from "./read-input.ts";
import { addSettingOptions, type SettingFlags, settingsOf } from "./setting-options.ts";

type Format = "text" | "json" | "html";

interface MigrateFlags extends SettingFlags, FixFlags {
  readonly format: Format;
  readonly all?: boolean;
  readonly from?: Dialect;
  readonly controllerConfig?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
}

const HELP = `
Exit status: 0 if nothing differs, 1 if something does, 2 in case of trouble or if not all that was given could be judged, 3 if something
is refused or a protection is lost.

Examples:
  sluice migrate manifests
  sluice migrate --format html manifests > migration.html
  sluice migrate --kube-context production --namespace shop
  sluice migrate --fix --output manifests-fixed manifests`;

/** `sluice migrate`: what changes for Ingresses of ingress-nginx or Higress when this gateway serves them. */
export function migrateCommand(): Command {
  const command = new Command("migrate")
    .description(
      "what changes for Ingresses of ingress-nginx or Higress on this gateway, in words and numbers",
    )
    .argument("[DIR...]", "folders or files of Kubernetes YAML or JSON, or - for standard input")
    .addOption(
      new Option("--format <FORMAT>", "how to print the report")
        .choices(["text", "json", "html"])
        .default("text"),
    )
    .option("--all", "tell what behaves the same as well, as JSON and HTML do in any case")
    .addOption(
      new Option(
        "--from <GATEWAY>",
        "take every Ingress for one of this gateway (default: by class and prefixes)",
      ).choices(["ingress-nginx", "higress"]),
    )
    .option(
      "--controller-config <NAMESPACE/NAME>",
      "the ConfigMap of the ingress-nginx controller (default: by its labels or usual names)",
    )
    .option(
      "--fix",
      "add annotations that bring the behaviour back, and show what is added in place of the report",
    )
    .option("--output <DIR>", "with --fix, write the changed files to this folder")
    .option("--in-place", "with --fix, change the files themselves")
    .option("-n, --namespace <NAME>", "with --kube-context, Ingresses of this namespace only")
    .option("-A, --all-namespaces", "with --kube-context, Ingresses of all namespaces, as by default")
    .addHelpText("after", HELP);
  return addSettingOptions(command, SETTINGS).action(run);
}

/** What decides about the gateway that the Ingresses go to, and where they come from. */
const SETTINGS = [
  "kubeconfig",
  "kubeContext",
  "ingressClass",
  "sslRedirect",
  "sslPassthrough",
  "allowExternalName",
  "allowCrossNamespace",
  "trustedHops",
  "clientLimitStatus",
  "accessLog",
  "tracingCollector",
] as const;

async function run(paths: string[], flags: MigrateFlags): Promise<void> {
  const { namespace, allNamespaces, ...others } = flags;
  const settings = settingsOf(others);
  const progress = createProgress();
  const isCluster = paths.length === 0;
  if (isCluster && settings.kubeContext === undefined && settings.kubeconfig === undefined)
    throw new OperatorError("usage", "There is nothing to take Ingresses from.", {
      hint: "Give folders or files of Kubernetes YAML, or --kube-context or --kubeconfig for a cluster.",
    });
  if (flags.fix && (isCluster || paths.includes("-")))
    throw new OperatorError("usage", "--fix changes files: give folders or files of Kubernetes YAML.");
  const input = isCluster
    ? {
        objects: await readCluster(settings, { ...(namespace && { namespace }), ...pick(flags) }, progress),
        diagnostics: [],
      }
    : await readFiles(paths, progress);
  const notJudged = notJudgedOf(input.diagnostics);
  const { from, controllerConfig } = flags;
  const controller =
    controllerConfig === undefined ? undefined : configMapOf(input.objects, controllerConfig);
  progress.say(`Comparing ${input.objects.length} objects …`);
  const report = await judgeMigration(input.objects, settings, {
    ...(from !== undefined && { from }),
    ...(controller !== undefined && { controller }),
    notJudged,
  });
  progress.clear();
  for (const { text, location } of notJudged)
    process.stderr.write(
      `sluice: ${printable(location === undefined ? "" : `${location.file}:${location.line}: `)}${printable(text)}\n`,
    );
  process.stdout.write(flags.fix ? fixFiles(report, paths, flags) : print(report, flags));
  process.exitCode = exitStatus(report);
}

function exitStatus({ verdict, notJudged }: MigrationReport): number {
  if (verdict === "blocked") return EXIT.refused;
  if (notJudged.length > 0) return EXIT.trouble;
  return verdict === "look" ? EXIT.findings : EXIT.fine;
}

/**
 * Files that cannot be read, once each, and Ingresses that are left out: each of them may hold a protection. What the parser says
 * after its first complaint of a file follows from that.
 */
function notJudgedOf(diagnostics: readonly Diagnostic[]): readonly NotJudged[] {
  const seen = new Set<string>();
  return diagnostics.flatMap(({ code, severity, origin, message, location }) => {
    const isFile = code === "file-syntax" || code === "file-unreadable";
    const isIngress =
      origin?.object.kind === "Ingress" &&
      (code === "object-duplicate" || (code === "object-invalid" && severity === "error"));
    if (!isFile && !isIngress) return [];
    const key = isFile && location !== undefined ? location.file : `${location?.file} ${message}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ text: message, ...(location !== undefined && { location }) }];
  });
}

function pick({ controllerConfig }: MigrateFlags): { readonly controllerConfig?: string } {
  return controllerConfig === undefined ? {} : { controllerConfig };
}

async function readFiles(paths: readonly string[], progress: Progress) {
  progress.say(`Reading ${paths.join(", ")} …`);
  const { objects, diagnostics } = await readInput(paths);
  progress.clear();
  return { objects, diagnostics };
}

function configMapOf(objects: readonly KubeObject[], name: string): ConfigMap {
  const found = objects.find(
    (object): object is ConfigMap =>
      object.kind === "ConfigMap" && displayName({ ...object.metadata, kind: "ConfigMap" }) === name,
  );
  if (found !== undefined) return found;
  throw new OperatorError("input", `There is no ConfigMap ${name} among the objects.`, {
    hint: "Give it as NAMESPACE/NAME, and the file that holds it.",
  });
}

function print(report: MigrationReport, { format, all = false }: MigrateFlags): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(migrationJson(report), null, 2)}\n`;
    case "html":
      return migrationHtml(report);
    case "text":
      return renderText(report, { style: styleFor(process.stdout), printable, all });
  }
}
