import type {
  BackendOutcome,
  Competitor,
  Explanation,
  ForwardOutcome,
  MirrorOutcome,
  Outcome,
  PassthroughOutcome,
  PolicyInForce,
} from "./explanation.ts";
import { printable, shortened } from "./printable.ts";
import { PLAIN, type Style } from "./style.ts";
import { objectWords, percentWords } from "./words.ts";

const MAX_ENDPOINTS = 8;

/** An explanation for a terminal: the answer first, then what led to it, then who lost. Ends in a newline. */
export function renderExplanation(explanation: Explanation, style: Style = PLAIN): string {
  const shown = printable(explanation);
  const { asked, refused, outcomes, competitors, notes } = shown;
  const lines = [
    style.bold(`${asked.method} ${asked.url}`),
    ...headLines(shown, style),
    "",
    ...(refused === undefined
      ? outcomes.flatMap((outcome) => [...outcomeLines(outcome, style), ""])
      : [`  ${style.bad(`${refused.status}`)}  refused: ${refused.reason}`, ""]),
    ...(competitors.length === 0
      ? []
      : [style.bold("Why not the others"), ...competitorLines(competitors, style), ""]),
    ...notes.map((note) => `${style.warn("note")}  ${note}`),
  ];
  while (lines.at(-1) === "") lines.pop();
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function headLines(explanation: Explanation, style: Style): string[] {
  const { request, host, asked } = explanation;
  if (request === undefined) return [];
  const lines: [string, string][] = [];
  if (host === undefined) lines.push(["host", `${request.host}, which no rule names`]);
  else lines.push(["host", `${host.name}  ${style.dim(`(${host.reason})`)}`]);
  if (request.scheme === "https") lines.push(["certificate", certificateWords(explanation)]);
  const sent = /^[^/]*\/\/[^/?#]*([^?#]*)/.exec(asked.url)?.[1] || "/";
  lines.push([
    "path",
    sent === request.path ? request.path : `${request.path}  ${style.dim(`(sent as ${sent})`)}`,
  ]);
  for (const { name, reason } of request.dropped) lines.push(["dropped", `header ${name}: ${reason}`]);
  return lines.map(([label, text]) => `  ${style.dim(label.padEnd(12))}${text}`);
}

function certificateWords({ host, outcomes }: Explanation): string {
  if (outcomes.some(({ action }) => action.kind === "passthrough")) return "the backend's own";
  return host?.certificate ?? "the default one";
}

function outcomeLines({ percent, route, match, origins, action, policies }: Outcome, style: Style): string[] {
  const share = percent === 100 ? "" : `${style.bold(percentWords(percent))}  `;
  const head = `${style.bold("→")} ${share}`;
  const from = [
    ...(route === undefined ? [] : [field("route", style.bold(route), style)]),
    ...(match === undefined ? [] : [field("matches", match, style)]),
    ...origins.map((origin) => field("from", origin, style)),
  ];
  switch (action.kind) {
    case "forward":
      return [
        `${head}${style.good("forward")} to ${action.backends.map(({ cluster }) => cluster).join(", ")}`,
        ...from,
        ...action.backends.flatMap((backend) => backendLines(backend, action.backends.length > 1, style)),
        ...(action.mirror === undefined ? [] : mirrorLines(action.mirror, style)),
        ...errorPagesLines(action.errorPages, style),
        ...policyLines(policies, style),
      ];
    case "passthrough":
      return passthroughLines(action, head, from, style);
    case "redirect":
      return [
        `${head}${style.warn(`${action.status}`)} redirect to ${action.location}`,
        ...from,
        ...(action.overHttps === undefined
          ? []
          : [field("because", `plain HTTP; over HTTPS: ${action.overHttps}`, style)]),
      ];
    case "respond": {
      const status = action.status >= 400 ? style.bad(`${action.status}`) : style.good(`${action.status}`);
      return [`${head}${status} from the gateway: ${action.reason}`, ...from];
    }
  }
}

function passthroughLines(
  { backend, reason }: PassthroughOutcome,
  head: string,
  from: readonly string[],
  style: Style,
): string[] {
  if (backend === undefined) return [`${head}${style.bad("connection closed")}: ${reason}`, ...from];
  return [
    `${head}${style.good("pass the TLS connection on")} to ${backend.cluster}`,
    ...from,
    field("cluster", clusterText(backend, style), style),
    ...(backend.fault === undefined
      ? []
      : [field("", style.bad(`connection closed: ${backend.fault}`), style)]),
    ...endpointLines(backend, style),
  ];
}

function mirrorLines({ percent, host, backend }: MirrorOutcome, style: Style): string[] {
  const name = host === undefined ? "the request's with -shadow" : host;
  return [
    field("copies", `${percentWords(percent)} ${clusterText(backend, style)}`, style),
    field("", style.dim(`with host ${name}`), style),
    ...(backend.fault === undefined ? [] : [field("", style.warn(`no copies: ${backend.fault}`), style)]),
    ...endpointLines(backend, style),
    ...policyLines(backend.policies, style),
  ];
}

function errorPagesLines(pages: ForwardOutcome["errorPages"], style: Style): string[] {
  if (pages === undefined) return [];
  const fault = pages.fault === undefined ? "" : `, ${style.bad(`503: ${pages.fault}`)}`;
  return [field("errors", `${pages.codes.join(", ")} are replaced by ${pages.by}${fault}`, style)];
}

function backendLines(backend: BackendOutcome, isOneOfMany: boolean, style: Style): string[] {
  const { percent, fault, policies } = backend;
  const share = isOneOfMany ? `${percentWords(percent)} ` : "";
  return [
    field("cluster", `${share}${clusterText(backend, style)}`, style),
    ...(fault === undefined ? [] : [field("", style.bad(`503: ${fault}`), style)]),
    ...endpointLines(backend, style),
    ...policyLines(policies, style),
  ];
}

function clusterText({ cluster, target, protocol }: BackendOutcome, style: Style): string {
  return `${cluster}  ${style.dim(`(${target}${protocol === "http2" ? ", HTTP/2" : ""})`)}`;
}

function endpointLines({ endpoints }: BackendOutcome, style: Style): string[] {
  const shown = endpoints.slice(0, MAX_ENDPOINTS);
  return [
    ...shown.map(({ address, health, zone }) => {
      const state = health === "healthy" ? style.good(health) : style.warn(health);
      return field("", `${address}  ${state}${zone === undefined ? "" : style.dim(`  zone ${zone}`)}`, style);
    }),
    ...(shown.length < endpoints.length
      ? [field("", style.dim(`and ${endpoints.length - shown.length} more endpoints`), style)]
      : []),
  ];
}

function policyLines(policies: readonly PolicyInForce[], style: Style): string[] {
  return policies.flatMap(({ feature, value, annotations }) => [
    field("policy", `${feature}  ${style.dim(shortened(JSON.stringify(value), 160))}`, style),
    ...annotations.map(({ object, key, value: text }) =>
      field("", `${key}: ${JSON.stringify(shortened(text, 120))} on ${objectWords(object)}`, style),
    ),
  ]);
}

function competitorLines(competitors: readonly Competitor[], style: Style): string[] {
  return competitors.flatMap(({ route, count, match, reason }) => [
    count === 1
      ? `  ${route}  ${style.dim(`(${match})`)}`
      : `  ${count} routes  ${style.dim(`(${route} and others)`)}`,
    `      ${reason}`,
  ]);
}

function field(label: string, text: string, style: Style): string {
  return `    ${style.dim(label.padEnd(10))}${text}`;
}
