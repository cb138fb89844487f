import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import type { JsonObject } from "../../packages/controller/src/resources/resource-json.ts";
import { ANNOTATION_PREFIXES, type Feature, type Key } from "../../packages/feature-api/src/index.ts";
import type { Diagnostic } from "../../packages/model/src/index.ts";
import { exampleOf, exampleServices, PREFIX } from "./examples.ts";
import { excerpt } from "./excerpt.ts";
import { anchor, prose, table } from "./markdown.ts";
import { reportsOf, type SaidOf } from "./reports.ts";
import { isUnknownToNginx } from "./status.ts";
import { objectsOf, translated, withoutFeature } from "./translate-example.ts";

const SCOPES = {
  route: "route: they act on the rules of the Ingress that has them",
  domain:
    "domain: they act on the hosts of the Ingress that has them, wherever these occur. If Ingresses differ, the oldest decides",
  service:
    "service: they act on the backend Services of the Ingress that has them, wherever these are used. If Ingresses differ, the oldest decides",
} as const;

const INVALID = {
  ignore: "the annotation is ignored, and reported; everything else stays in force",
  deny: "the routes that it protects answer 503, and it is reported",
} as const;

/** More lines than a reader looks at. */
const MAX_LINES = 160;

/** The page of a family of annotations. */
export async function featurePage(feature: Feature): Promise<string> {
  const { title, scope, onInvalid, keys } = feature;
  const reports = reportsOf(feature);
  const sections = Object.entries(keys).map(([name, key]) => keySection(name, key, reports));
  return `# ${title}

[All annotations](README.md)

- Scope: ${SCOPES[scope]}.
- A bad value: ${INVALID[onInvalid]}.
- Prefixes: each key may be written behind ${listed(ANNOTATION_PREFIXES.map((prefix) => `\`${prefix}\``))}.

${table(["key", "takes", "default"], Object.entries(keys).map(overviewRow))}

${await example(feature)}

## Keys

${sections.join("\n\n")}
`;
}

function overviewRow([name, key]: readonly [string, Key<never>]): readonly string[] {
  return [`[\`${name}\`](#${anchor(name)})`, prose(key.type.expected), prose(key.default ?? "none")];
}

function keySection(name: string, key: Key<never>, reports: readonly SaidOf[]): string {
  const names = ANNOTATION_PREFIXES.map((prefix) => `\`${prefix}${name}\``).join(", ");
  const aliases = key.aliases?.map((alias) => `\`${alias}\``) ?? [];
  const own = reports.filter((said) => isOf(said.key, name));
  const facts = [
    `- Takes ${prose(key.type.expected)}. Default: ${prose(key.default ?? "none")}. ${exampleText(key.example)}`,
    aliases.length === 0 ? "" : `- Other names: ${aliases.join(", ")}.`,
    key.nginx === undefined ? "" : `- ${nginxText(key.nginx)}`,
    key.higress === undefined ? "" : `- △ Higress: ${prose(key.higress)}`,
    own.length === 0 ? "" : `- Reports:\n${own.map(reportItem).join("\n")}`,
    `- In full: ${names}.`,
  ];
  return `### \`${name}\`\n\n${prose(key.doc)}\n\n${facts.filter((fact) => fact !== "").join("\n")}`;
}

/** What declarations say of ingress-nginx; some sentences begin with its name. */
function nginxText(nginx: string): string {
  const text = prose(nginx);
  if (isUnknownToNginx(nginx)) return text;
  return text.startsWith("ingress-nginx") ? `△ ${text}` : `△ ingress-nginx: ${text}`;
}

function isOf(said: string, name: string): boolean {
  return name.endsWith("*")
    ? said === name.replace("*", "x") || said === name.replace("*", "method")
    : said === name;
}

function exampleText(example: string): string {
  if (!example.includes("\n")) return `Example: \`${example}\`.`;
  return `Example, in lines: ${example
    .split("\n")
    .map((line) => `\`${line}\``)
    .join(", ")}.`;
}

function reportItem({ diagnostic }: SaidOf): string {
  const { severity, code, message, expected } = diagnostic;
  const wanted = expected === undefined ? "" : ` Expected: ${prose(expected)}.`;
  return `  - ${severity} [\`${code}\`](../diagnostics.md#${code}): ${prose(plain(message))}${wanted}`;
}

/** A message without the prefix that the trials used. */
function plain(message: string): string {
  return message.replaceAll(PREFIX, "");
}

async function example(feature: Feature): Promise<string> {
  const yaml = exampleOf(feature);
  const services = objectsOf(exampleServices());
  const own = objectsOf(yaml);
  const before = await translated([...services, ...withoutFeature(own, feature)]);
  const after = await translated([...services, ...own]);
  return `## Example

The Services are those of [examples/services.yaml](examples/services.yaml).

\`\`\`yaml
${yaml.trimEnd()}
\`\`\`

${findings(after.diagnostics)}

### What Envoy gets

${resources(excerpt(before.resources, after.resources))}`;
}

function findings(diagnostics: readonly Diagnostic[]): string {
  if (diagnostics.length === 0) return "`sluice check` finds nothing to say about it.";
  const lines = diagnostics.map(({ severity, code, message }) => `${severity}[${code}] ${plain(message)}`);
  return `\`sluice check\` says:\n\n\`\`\`text\n${lines.join("\n")}\n\`\`\``;
}

function resources(parts: readonly JsonObject[]): string {
  const shown = parts.filter((part) => !isTwin(part, parts));
  if (shown.length === 0) return "The same as without these annotations.";
  const lines = shown
    .map((part) => stringify(part, { lineWidth: 0, aliasDuplicateObjects: false, compat: "yaml-1.1" }))
    .join("---\n")
    .trimEnd()
    .split("\n");
  const more = lines.length - MAX_LINES;
  const text = more > 0 ? [...lines.slice(0, MAX_LINES), `# … and ${more} lines more`] : lines;
  const twins = shown.length < parts.length ? ", and alike for https" : "";
  return `What is added or changed, compared with the same Ingress without these annotations${twins}:\n\n\`\`\`yaml\n${text.join("\n")}\n\`\`\``;
}

/** Whether a part says of https what another says of http. */
function isTwin(part: JsonObject, parts: readonly JsonObject[]): boolean {
  const { name } = part;
  if (typeof name !== "string" || !name.startsWith("https/")) return false;
  const other = { ...part, name: name.replace("https/", "http/") };
  return parts.some((each) => isDeepStrictEqual(each, other));
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
