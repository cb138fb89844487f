import { displayName } from "@sluice/model";
import type { IngressReport, KeyReport, MigrationReport, Note, Outcome, SettingReport } from "./report.ts";
import { OUTCOME_WORDS, shown, summaryText, VERDICT_WORDS } from "./words.ts";

/** Writes on a terminal. */
export interface TextStyle {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
}

export interface TextOptions {
  readonly style: TextStyle;
  /** Keys that behave the same are told as well. */
  readonly all?: boolean;
  /** Makes a text safe for where it goes. */
  readonly printable: (text: string) => string;
}

/** The report for a terminal: what is not the same, Ingress by Ingress, and the summary last. */
export function renderText(report: MigrationReport, options: TextOptions): string {
  const { style, printable } = options;
  const { ingresses, controller, defaults, skipped, notJudged, remarks } = report;
  const parts = [
    ...ingresses.map((ingress) => ingressText(ingress, options)),
    ...(controller === undefined
      ? []
      : [
          heading(`ConfigMap ${displayName(controller.configMap)} of the controller`, style),
          ...controller.settings.flatMap((setting) => settingText(setting, options)),
          ...controller.others.map((other) => `  Not looked at: ConfigMap ${displayName(other)}.\n`),
          "\n",
        ]),
    ...(defaults.length === 0
      ? []
      : [
          heading("What differs for all Ingresses without an annotation (counted in no verdict)", style),
          ...defaults.map(
            ({ topic, there, here, advice }) =>
              `  ${style.bold(topic)}\n    there: ${there}\n    here:  ${here}\n    ${advice}\n`,
          ),
          "\n",
        ]),
    ...skipped.map(
      ({ ingress, className }) =>
        `Skipped: Ingress ${displayName(ingress)} of class ${printable(className)}.\n`,
    ),
    ...notJudged.map(
      ({ location, text }) =>
        `${style.bad("Not judged:")} ${printable(location === undefined ? "" : `${location.file}:${location.line}: `)}${printable(text)}\n`,
    ),
    ...remarks.map((remark) => `${printable(remark)}\n`),
    `${style.bold(summaryText(report))}\n`,
  ];
  return parts.join("");
}

function heading(text: string, style: TextStyle): string {
  return `${style.bold(text)}\n`;
}

function ingressText(report: IngressReport, options: TextOptions): string {
  const { style, all = false, printable } = options;
  const { verdict, dialect, location } = report;
  const paint = { ready: style.good, look: style.warn, blocked: style.bad }[verdict];
  const place = location === undefined ? "" : ` ${style.dim(printable(`${location.file}:${location.line}`))}`;
  const lines = [
    `${style.bold(`Ingress ${displayName(report.ingress)}`)} (${dialect})${place}\n`,
    `  ${paint(VERDICT_WORDS[verdict])}\n`,
    ...report.keys.filter((key) => all || key.outcome !== "same").map((key) => keyText(key, options)),
    ...report.notes.filter((note) => all || note.outcome !== "same").map((note) => noteText(note, options)),
  ];
  const fixes = Object.keys(report.fixes).length;
  if (fixes > 0) lines.push(`  ${style.dim(`--fix adds ${Object.keys(report.fixes).join(", ")}.`)}\n`);
  return `${lines.join("")}\n`;
}

function outcomeText(outcome: Outcome | "unknown", style: TextStyle): string {
  const word = OUTCOME_WORDS[outcome].padEnd(9);
  return {
    same: style.good,
    differs: style.warn,
    "no-effect": style.dim,
    refused: style.bad,
    unknown: style.warn,
  }[outcome](word);
}

function keyText(key: KeyReport, { style, printable }: TextOptions): string {
  const head = `  ${outcomeText(key.outcome, style)} ${printable(key.annotation)}: ${printable(shown(key.value))}\n`;
  return [
    head,
    ...key.texts.map((text) => `    ${printable(shown(text, 2000))}\n`),
    ...key.lost.map((lost) => lostText(lost, style, printable)),
  ].join("");
}

function lostText(lost: string, style: TextStyle, printable: (text: string) => string): string {
  return `    ${style.bad("Lost:")} ${printable(shown(lost))}\n`;
}

function noteText(note: Note, { style, printable }: TextOptions): string {
  return `  ${outcomeText(note.outcome, style)} ${note.topic}\n    ${printable(shown(note.text, 2000))}\n`;
}

function settingText(
  setting: SettingReport,
  { style, all = false, printable }: TextOptions,
): readonly string[] {
  if (!all && setting.outcome === "same") return [];
  return [
    `  ${outcomeText(setting.outcome, style)} ${printable(setting.key)}: ${printable(shown(setting.value))}\n    ${printable(setting.text)}\n`,
    ...(setting.lost === undefined ? [] : [lostText(setting.lost, style, printable)]),
  ];
}
