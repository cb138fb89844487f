import { displayName } from "@sluice/model";
import { type Html, html } from "./html-text.ts";
import type {
  ControllerReport,
  DefaultDifference,
  IngressReport,
  KeyReport,
  MigrationReport,
  Note,
  Outcome,
  Verdict,
} from "./report.ts";
import { STYLE } from "./style.ts";
import { OUTCOME_WORDS, plural, shown, summaryText, VERDICT_WORDS } from "./words.ts";

const SHORT: Readonly<Record<Verdict, string>> = { ready: "ready", look: "look", blocked: "blocked" };
const VERDICTS: readonly Verdict[] = ["blocked", "look", "ready"];

/** The report as one page that needs nothing else: no script, no image, no font. Every text of a user is escaped. */
export function migrationHtml(report: MigrationReport): string {
  const { ingresses, controller, defaults, skipped, notJudged, remarks } = report;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Migration check</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<header>
<h1>Migration check</h1>
<p class="lead">${lead(report)}</p>
${tiles(report)}
<p>${summaryText(report)}</p>
${remarks.map((remark) => html`<p class="remark">${remark}</p>`)}
</header>
<main>
${notJudged.length === 0 ? undefined : html`<section id="not-judged"><h2>Not judged (${notJudged.length})</h2><p>It may hold Ingresses and protections of which this page knows nothing.</p><ul class="lostlist">${notJudged.map(({ location, text }) => html`<li>${location === undefined ? "" : `${location.file}:${location.line}: `}${text}</li>`)}</ul></section>`}
${lostSection(report)}
${VERDICTS.map((verdict) =>
  ingressSection(
    verdict,
    ingresses.filter((each) => each.verdict === verdict),
  ),
)}
${controller === undefined ? undefined : controllerSection(controller)}
${defaultsSection(defaults)}
${skipped.length === 0 ? undefined : html`<section><h2>Skipped</h2><ul>${skipped.map(({ ingress, className }) => html`<li>${displayName(ingress)} of class ${className}</li>`)}</ul></section>`}
</main>
</body>
</html>
`;
  return page.html;
}

const LEADS: Readonly<Record<Verdict, string>> = {
  ready: "Everything that was given behaves the same on this gateway.",
  look: "Nothing is refused, but some behaviour differs: read what is listed before you move.",
  blocked: "Something is refused or a protection would be lost: mend that before you move.",
};

function lead({ verdict, ingresses, notJudged }: MigrationReport): string {
  if (notJudged.length > 0 && verdict !== "blocked")
    return "Not everything that was given could be judged: mend that first.";
  return ingresses.length === 0 ? "There was no Ingress to compare." : LEADS[verdict];
}

function tiles({ counts }: MigrationReport): Html {
  const tile = (name: Verdict, number: number) =>
    html`<a class="tile ${name}" href="#${name}"><b>${number}</b> <span>${SHORT[name]}</span></a>`;
  return html`<nav class="tiles">${VERDICTS.map((verdict) => tile(verdict, counts[verdict]))}<a class="tile lost" href="#lost"><b>${counts.lost}</b> <span>protections lost</span></a></nav>`;
}

function lostSection({ ingresses, controller }: MigrationReport): Html {
  const rows = [
    ...ingresses.flatMap((report) =>
      report.keys
        .filter(({ lost }) => lost.length > 0)
        .map(
          (key) =>
            html`<li><a href="#${anchor(report)}">${displayName(report.ingress)}</a>: ${key.lost.join(", ")} <code>${key.annotation}</code></li>`,
        ),
    ),
    ...(controller?.settings ?? [])
      .filter(({ lost }) => lost !== undefined)
      .map(
        ({ key, lost }) =>
          html`<li><a href="#controller">The controller's ConfigMap</a>: ${lost} <code>${key}</code></li>`,
      ),
  ];
  if (rows.length === 0) return html`<section id="lost"><h2>Protections lost</h2><p>None.</p></section>`;
  return html`<section id="lost"><h2>Protections lost</h2><ul class="lostlist">${rows}</ul></section>`;
}

function ingressSection(verdict: Verdict, reports: readonly IngressReport[]): Html {
  const open = verdict !== "ready" && reports.length <= 50;
  return html`<section id="${verdict}"><h2>${capital(VERDICT_WORDS[verdict])} (${reports.length})</h2>
${reports.map((report) => ingressHtml(report, open))}</section>`;
}

function ingressHtml(report: IngressReport, open: boolean): Html {
  const { keys, notes, hosts, dialect, verdict, location, fixes } = report;
  const name = displayName(report.ingress);
  const fixed = Object.entries(fixes);
  return html`<details class="ingress ${verdict}" id="${anchor(report)}"${open ? { html: " open" } : undefined}>
<summary><span class="badge ${verdict}">${SHORT[verdict]}</span> <strong>${name}</strong> <span class="dim">${tally(report)}</span></summary>
<p class="dim">${dialect}${hosts.length > 0 ? ` · ${hosts.map((host) => host || "any host").join(", ")}` : ""}${location === undefined ? "" : ` · ${location.file}:${location.line}`}</p>
${keys.length + notes.length === 0 ? html`<p>No annotation to compare.</p>` : html`<ul class="rows">${keys.map(keyHtml)}${notes.map(noteHtml)}</ul>`}
${fixed.length === 0 ? undefined : html`<p class="fix">--fix adds: ${fixed.map(([key, value]) => html`<code>${key}: ${shown(value)}</code> `)}</p>`}
</details>
`;
}

function tally({ keys, notes }: IngressReport): string {
  const all = [...keys, ...notes];
  const words = (["refused", "differs", "no-effect", "same"] as const).flatMap((outcome) => {
    const number = all.filter((each) => each.outcome === outcome).length;
    return number === 0 ? [] : [`${number} ${OUTCOME_WORDS[outcome]}`];
  });
  return words.join(", ");
}

function keyHtml(key: KeyReport): Html {
  return html`<li class="row ${key.outcome}">${badge(key.outcome)}<div><code class="key">${key.annotation}</code> <code>${shown(key.value)}</code>${key.texts.map((text) => html`<p>${shown(text, 2000)}</p>`)}${key.lost.map((lost) => html`<p class="lost">Lost: ${lost}</p>`)}</div></li>`;
}

function noteHtml(note: Note): Html {
  return html`<li class="row ${note.outcome}">${badge(note.outcome)}<div><span class="key">${note.topic}</span><p>${shown(note.text, 2000)}</p></div></li>`;
}

function badge(outcome: Outcome | "unknown"): Html {
  return html`<span class="badge ${outcome}">${OUTCOME_WORDS[outcome]}</span>`;
}

function controllerSection({ configMap, settings, others }: ControllerReport): Html {
  return html`<section id="controller"><h2>The controller's ConfigMap ${displayName(configMap)}</h2>
<p>${plural(settings.length, "setting")}. They hold for every Ingress of that controller.</p>
<ul class="rows">${settings.map(({ key, value, outcome, text, lost }) => html`<li class="row ${outcome}">${badge(outcome)}<div><code class="key">${key}</code> <code>${shown(value)}</code><p>${text}</p>${lost === undefined ? undefined : html`<p class="lost">Lost: ${lost}</p>`}</div></li>`)}</ul>
${others.map((other) => html`<p class="dim">Not looked at: ConfigMap ${displayName(other)}.</p>`)}</section>
`;
}

function defaultsSection(defaults: readonly DefaultDifference[]): Html {
  if (defaults.length === 0) return html``;
  return html`<section id="defaults"><h2>What differs for all Ingresses without an annotation</h2>
<p>Told once, and counted in no verdict.</p>
<dl>${defaults.map(({ topic, there, here, advice }) => html`<dt>${topic}</dt><dd><p><b>There:</b> ${there}</p><p><b>Here:</b> ${here}</p><p class="dim">${advice}</p></dd>`)}</dl></section>
`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Names of Kubernetes have no character that a fragment could not have. */
function anchor({ ingress: { namespace, name } }: IngressReport): string {
  return `i-${namespace}--${name}`;
}
