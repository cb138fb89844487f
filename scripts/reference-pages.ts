import { fieldReference } from "../packages/mse-ingress-config/src/index.ts";
import { annotationPages } from "./annotations/pages.ts";

const BANNER = "<!-- Written by `make docs` from the sources. Do not edit. -->\n";

/** The pages under docs/ that come from declarations in the sources: file name to text. Equal sources, equal text. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const annotations = [...(await annotationPages())].map(
    ([name, text]) => [`annotations/${name}`, name.endsWith(".md") ? `${BANNER}\n${text}` : text] as const,
  );
  return new Map([["reference/mse-ingress-config.md", mseIngressConfig()], ...annotations]);
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
