import { features } from "../packages/features/src/index.ts";
import { fieldReference } from "../packages/mse-ingress-config/src/index.ts";

const BANNER = "<!-- Written by `make docs` from the sources. Do not edit. -->\n";

/** The pages under docs/ that come from declarations in the sources: file name to text. Equal sources, equal text. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ["reference/annotations.md", annotations()],
    ["reference/mse-ingress-config.md", mseIngressConfig()],
  ]);
}

function mseIngressConfig(): string {
  const rows = fieldReference().map(
    ({ path, takes, whenAbsent, doc }) => `| \`${path}\` | ${takes} | ${whenAbsent} | ${doc} |`,
  );
  return `${BANNER}
# Fields of a MseIngressConfig

What they do together is told in [MseIngressConfig](../mse-ingress-config.md). Every field may be left out.

| field | takes | left out | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function annotations(): string {
  const parts = [...features].sort((a, b) => (a.id < b.id ? -1 : 1)).map(section);
  return `${BANNER}
# Annotations

Each key is read under \`mse.ingress.kubernetes.io/\`, \`higress.ingress.kubernetes.io/\`, \`higress.io/\` and
\`nginx.ingress.kubernetes.io/\`; where they disagree, the first of these decides. A \`*\` stands for a name of yours.

${parts.join("\n\n")}
`;
}

const SCOPES = {
  route: "acts on the rules of its Ingress",
  domain: "acts on the hosts of its Ingress, wherever they occur",
  service: "acts on the backend Services of its Ingress, wherever they are used",
} as const;

const INVALID = {
  ignore: "that annotation is ignored, and reported",
  deny: "its routes answer 503, and it is reported",
} as const;

function section({ title, scope, onInvalid, keys }: (typeof features)[number]): string {
  const entries = Object.entries(keys).map(([name, key]) => {
    const facts = [
      `Takes ${key.type.expected}.`,
      key.default === undefined ? "" : `Default: ${key.default}.`,
      key.aliases === undefined
        ? ""
        : `Also called ${key.aliases.map((alias) => `\`${alias}\``).join(", ")}.`,
      key.nginx === undefined ? "" : `△ ${key.nginx}`,
    ];
    return `### \`${name}\`\n\n${key.doc}\n\n${facts.filter(Boolean).join(" ")}\n\nExample: \`${oneLine(key.example)}\``;
  });
  return `## ${title}\n\nIt ${SCOPES[scope]}. With a bad value ${INVALID[onInvalid]}.\n\n${entries.join("\n\n")}`;
}

function oneLine(text: string): string {
  return text.replaceAll("\n", "⏎");
}
