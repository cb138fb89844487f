import type { Diagnostic, Severity } from "@sluice/model";
import type { NodeState } from "../data/node-state.ts";
import { locationText, nodeLink, objectLink, originLink, resourceLink } from "../links.ts";
import {
  type Block,
  badge,
  code,
  count,
  dim,
  type Inline,
  lines,
  link,
  paragraph,
  type Tone,
  tableOr,
} from "./document.ts";

/** What several pages show alike. */

const SEVERITY_TONES: Readonly<Record<Severity, Tone>> = { error: "bad", warning: "warn", info: "plain" };

export function severityBadge(severity: Severity): Inline {
  return badge(severity, SEVERITY_TONES[severity]);
}

export function diagnosticsTable(diagnostics: readonly Diagnostic[], nothing: string): Block {
  return tableOr(
    nothing,
    ["Severity", "Code", "Object", "Finding"],
    diagnostics.map((diagnostic) => {
      const { severity, code: name, origin, key, location } = diagnostic;
      // The field of an annotation only repeats its key.
      const isRepeated = key !== undefined && origin?.field?.includes(key) === true;
      return [
        severityBadge(severity),
        code(name),
        lines([
          ...(origin === undefined ? [] : [isRepeated ? objectLink(origin.object) : originLink(origin)]),
          ...(location === undefined ? [] : [locationText(location)]),
        ]),
        lines(findingLines(diagnostic)),
      ];
    }),
  );
}

function findingLines({ message, key, value, expected, hint }: Diagnostic): Inline[] {
  const entry = key === undefined ? value : value === undefined ? key : `${key}: ${value}`;
  return [
    message,
    ...(entry === undefined ? [] : [code(entry)]),
    ...(expected === undefined ? [] : [[dim("expected "), expected]]),
    ...(hint === undefined ? [] : [dim(hint)]),
  ];
}

const STATE_TONES: Readonly<Record<NodeState["state"], Tone>> = {
  accepted: "good",
  refused: "bad",
  "in flight": "warn",
  waiting: "warn",
  pending: "warn",
  "not asked for": "plain",
};

export function stateBadge(state: NodeState["state"]): Inline {
  return badge(state, STATE_TONES[state]);
}

/** How a resource stands with each node; `typeUrl` is its type. */
export function nodeStateLines(states: readonly NodeState[], typeUrl: string): Inline {
  if (states.length === 0) return dim("no node");
  return lines(
    states.map(({ node, state, words, waitsFor }) => [
      stateBadge(state),
      " ",
      nodeLink(node, typeUrl),
      words === undefined ? undefined : [": ", words],
      waitsFor === undefined ? undefined : [dim(" for "), resourceLink(waitsFor)],
    ]),
  );
}

/** A line under a list that was cut: how much there is, and the way to go on. */
export function partLine(
  { total, items, next }: { total: number; items: readonly unknown[]; next?: string },
  singular: string,
  plural = `${singular}s`,
): Block {
  if (next === undefined && items.length === total) return paragraph(dim(count(total, singular, plural)));
  return paragraph(
    dim(`${items.length.toLocaleString("en")} of ${count(total, singular, plural)}. `),
    next === undefined ? dim("This is the end of the list.") : link(next, "Next"),
  );
}
