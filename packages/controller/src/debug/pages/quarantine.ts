import { quarantine as entriesOf, type QuarantineEntry } from "../data/quarantine.ts";
import { ago } from "../data/time.ts";
import { nodeLink, objectLink, resourceLink } from "../links.ts";
import { type Page, shown } from "../page.ts";
import { type Document, dim, type Inline, lines, paragraph, tableOr } from "../view/document.ts";

/** What nodes refused, and the objects behind it. */
export const quarantine: Page = {
  path: "/debug/quarantine",
  navigation: "Quarantine",
  doc: "What is withheld because an Envoy refused it: the objects behind it, and Envoy's words.",
  query: [],
  answer: (target) => shown(entriesOf(target), document),
};

function document(entries: readonly QuarantineEntry[]): Document {
  return {
    title: "Quarantine",
    blocks: [
      paragraph(
        "What an Envoy has refused is withheld, and everything else goes live. A change of the object lifts it.",
      ),
      tableOr(
        "Nothing is withheld.",
        ["Withheld", "Refused resource", "Envoy's words", "Since", "Meanwhile"],
        entries.map((entry) => [
          withheld(entry),
          lines([
            [dim(`${entry.resource.type} `), resourceLink(entry.resource, entry.rendering)],
            ...(entry.nodes ?? []).map((node) => [dim("by "), nodeLink(node, entry.resource.typeUrl)]),
          ]),
          entry.words,
          ago(entry.since),
          entry.earlierFormServes ? "the last accepted form serves on" : "it takes no traffic",
        ]),
      ),
    ],
  };
}

/** A resource like a RouteConfiguration may have thousands of objects behind it. */
const MAX_OBJECTS = 10;

function withheld({ withheld: what, objects }: QuarantineEntry): Inline {
  if (what === "object") return lines(objects.map(objectLink));
  const hidden = objects.length - MAX_OBJECTS;
  return lines([
    dim(objects.length === 0 ? "a resource of the gateway itself" : "the resource, shaped by"),
    ...objects.slice(0, MAX_OBJECTS).map(objectLink),
    ...(hidden > 0 ? [dim(`and ${hidden} more`)] : []),
  ]);
}
