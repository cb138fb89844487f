import type {
  Change,
  EndpointsChange,
  FieldChange,
  PolicyChange,
  RouteAspectChange,
  RouteLine,
} from "./change.ts";
import type { ModelDiff } from "./diff.ts";
import { printable, shortened } from "./printable.ts";
import { PLAIN, type Style } from "./style.ts";
import { percentWords } from "./words.ts";

const MAX_ITEMS = 10;

/** A diff for a terminal: one line a change, `+` for what comes, `-` for what goes, `~` for the rest. Ends in a newline. */
export function renderDiff(diff: ModelDiff, style: Style = PLAIN): string {
  const lines = printable(diff).changes.flatMap((change) => changeLines(change, style));
  return lines.length === 0 ? "No change in what the gateway does.\n" : `${lines.join("\n")}\n`;
}

function changeLines(change: Change, style: Style): string[] {
  const plus = (text: string) => `${style.good("+")} ${text}`;
  const minus = (text: string) => `${style.bad("-")} ${text}`;
  const other = (text: string) => `${style.warn("~")} ${text}`;
  switch (change.kind) {
    case "host-added":
      return [
        plus(`host ${style.bold(change.host)}${certificateNote(change)}`),
        ...routeLines(change.routes, style),
      ];
    case "host-removed":
      return [minus(`host ${style.bold(change.host)}`), ...routeLines(change.routes, style)];
    case "host-certificate":
      return [
        other(
          `certificate of ${style.bold(change.host)}: ${change.before ?? "default"} → ${change.after ?? "default"}`,
        ),
      ];
    case "route-added":
      return [
        plus(
          `route on ${style.bold(change.host)}: ${change.match} → ${change.action}${named(change, style)}`,
        ),
      ];
    case "route-removed":
      return [
        minus(
          `route on ${style.bold(change.host)}: ${change.match} → ${change.action}${named(change, style)}`,
        ),
      ];
    case "route-changed":
      return [other(aspectText(change, style))];
    case "route-order":
      return [other(`order on ${style.bold(change.host)}: ${change.first} comes before ${change.second}`)];
    case "policy":
      return policyLines(change, style).map(other);
    case "weight":
      return [
        other(
          `canary weight of ${style.bold(change.canary)} on ${change.rule}: ` +
            `${percentWords(change.before)} → ${style.bold(percentWords(change.after))}`,
        ),
      ];
    case "cluster-added":
      return [
        plus(
          `cluster ${style.bold(change.cluster)} (${change.target}), ${plural(change.endpoints, "endpoint")}`,
        ),
      ];
    case "cluster-removed":
      return [minus(`cluster ${style.bold(change.cluster)} (${change.target})`)];
    case "cluster-changed":
      return [
        other(
          `${change.aspect} of cluster ${style.bold(change.cluster)}: ${change.before} → ${change.after}`,
        ),
      ];
    case "endpoints":
      return [other(`endpoints of ${style.bold(change.cluster)}: ${endpointsText(change)}`)];
    case "certificate-added":
      return [plus(`certificate ${style.bold(change.certificate)} ${change.after}${aside(change.detail)}`)];
    case "certificate-removed":
      return [minus(`certificate ${style.bold(change.certificate)} ${change.before}`)];
    case "certificate-changed":
      return [
        other(
          `certificate ${style.bold(change.certificate)}: ` +
            (change.before === change.after ? "" : `${change.before} → ${change.after}`) +
            (change.before === change.after ? change.detail : aside(change.detail)),
        ),
      ];
  }
}

function certificateNote({ certificate }: { readonly certificate?: string }): string {
  return certificate === undefined ? "" : `, certificate ${certificate}`;
}

function routeLines(routes: readonly RouteLine[], style: Style): string[] {
  const lines = routes
    .slice(0, MAX_ITEMS)
    .map((line) => `    ${line.match} → ${line.action}${named(line, style)}`);
  const rest = routes.length - lines.length;
  return rest === 0 ? lines : [...lines, style.dim(`    and ${plural(rest, "more route")}`)];
}

function named({ route }: { readonly route: string }, style: Style): string {
  return style.dim(`  (${route})`);
}

function aspectText({ host, routes, match, aspect, before, after }: RouteAspectChange, style: Style): string {
  const what = {
    name: "name",
    match: "match",
    action: "action",
    weights: "weights",
    http: "plain HTTP",
    origins: "origin",
  };
  const where = routes.length === 1 ? `${host} ${match}` : `${host}, ${plural(routes.length, "route")}`;
  return `${what[aspect]} on ${style.bold(where)}: ${before} → ${after}${named({ route: listed(routes) }, style)}`;
}

function policyLines({ on, feature, fields }: PolicyChange, style: Style): string[] {
  const where =
    "cluster" in on
      ? style.bold(on.cluster)
      : `${style.bold(on.host)}${on.routes.length === 1 ? "" : `, ${plural(on.routes.length, "route")}`}`;
  const routes = "cluster" in on ? "" : named({ route: listed(on.routes) }, style);
  return fields.map((change) => `${feature} on ${where}: ${fieldText(change)}${routes}`);
}

function fieldText(change: FieldChange): string {
  const value = (shown: unknown) => (shown === undefined ? "off" : shortened(JSON.stringify(shown), 80));
  return `${change.field === "" ? "" : `${change.field} `}${value(change.before)} → ${value(change.after)}`;
}

function endpointsText({ added, removed, draining, restored, moved }: EndpointsChange): string {
  const part = (word: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${word} ${listed(names)}`];
  return [
    ...part("added", added),
    ...part("removed", removed),
    ...part("draining", draining),
    ...part("serving again", restored),
    ...part("in another zone", moved),
  ].join("; ");
}

function listed(names: readonly string[]): string {
  const rest = names.length - MAX_ITEMS;
  return rest <= 0 ? names.join(", ") : `${names.slice(0, MAX_ITEMS).join(", ")} and ${rest} more`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function aside(detail: string | undefined): string {
  return detail === undefined ? "" : ` (${detail})`;
}
