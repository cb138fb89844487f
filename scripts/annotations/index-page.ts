import { declaresKey, type Feature, type Key } from "../../packages/feature-api/src/index.ts";
import { anchor, table } from "./markdown.ts";
import { KEY_GROUPS } from "./reference-keys.ts";
import { type KeyStatus, statusOf } from "./status.ts";

const WORDS: Readonly<Record<KeyStatus, string>> = {
  works: "work",
  differs: "differ",
  "no effect": "have no effect",
  refused: "are refused",
  "not yet": "are not there yet",
};

interface Found {
  readonly feature: Feature;
  /** As declared: for another name, that of its key. */
  readonly name: string;
  readonly key: Key<never>;
}

/** The feature that declares a key of the reference, by name or other name. */
export function declarationOf(features: readonly Feature[], key: string): Found | undefined {
  for (const feature of features) {
    if (!declaresKey(feature, key.replace("*", "x"))) continue;
    for (const [name, declared] of Object.entries(feature.keys))
      if (name === key || declared.aliases?.includes(key)) return { feature, name, key: declared };
  }
  return undefined;
}

/** The list of all keys of the reference, with what they are here and where to read on. */
export function indexPage(features: readonly Feature[]): string {
  const counts = new Map<KeyStatus, number>();
  const groups = KEY_GROUPS.map(({ title, keys }) => {
    const rows = keys.map((key) => {
      const found = declarationOf(features, key);
      const status = statusOf(found?.key);
      counts.set(status, (counts.get(status) ?? 0) + 1);
      const page =
        found === undefined ? "" : `[${found.feature.title}](${found.feature.id}.md#${anchor(found.name)})`;
      return [`\`${key}\``, status, page];
    });
    return `## ${title}\n\n${table(["key", "status", "page"], rows)}`;
  });
  const sum = [...counts].map(([status, count]) => `${count} ${WORDS[status]}`).join(", ");
  return `${INTRODUCTION}
All ${KEY_GROUPS.flatMap(({ keys }) => keys).length} keys of MSE Ingress, ingress-nginx and Higress: ${sum}.

${groups.join("\n\n")}
`;
}

const INTRODUCTION = `# Annotations

To look up one key, search this page for it: its row leads to the page of its family, with an example, what Envoy gets for it, and
how it differs from ingress-nginx and Higress (marked △).

Status:

- **works**: as in ingress-nginx and Higress, where they have it.
- **differs**: works, but not quite as there; the page says how.
- **no effect**: accepted and reported; there is nothing to do here, or it is not done.
- **refused**: reported as refused; the Ingress is served without it.
- **not yet**: not known to this version; reported as unknown.

## How annotations are read

**Prefixes.** \`mse.ingress.kubernetes.io/\`, \`higress.ingress.kubernetes.io/\`, \`higress.io/\` and \`nginx.ingress.kubernetes.io/\`
mean the same for every key. If they disagree, the first of these decides, and the conflict is reported.
\`disabled.higress.io/\` is ignored silently.

**Values.** All values are text: in YAML, \`true\` and numbers need quotes. Blanks around a value are dropped. A blank value is the
same as no annotation, but for \`service-subset\`. Times are seconds without a unit. A \`*\` in a key stands for a name of yours.

**Scope.** _route_: the rules of the Ingress. _domain_: its hosts, wherever they occur. _service_: its backend Services, wherever
they are used. If Ingresses differ on a domain or service key, the oldest decides, and the others are told.

**Bad values.** An annotation with a bad value is ignored and reported; the rest of its Ingress, and every other Ingress, stays in
force. Where the annotation protects something, its routes answer 503 instead. Reports are Warning Events and are found on the
Ingress's status, in \`sluice check\` and at \`/debug/diagnostics\` ([Diagnostics](../diagnostics.md)).

## In the editor

[ingress.schema.json](ingress.schema.json) is a JSON schema of Ingresses with all annotations under all prefixes: editors complete
keys, show what they do, and mark misspelt keys and values that cannot be used. With the YAML language server, which most editors
have (in VS Code the extension "YAML" by Red Hat), name it in a comment in front of the Ingress; in a file of several objects, behind
the \`---\` in front of each Ingress:

\`\`\`yaml
# yaml-language-server: $schema=PATH/TO/docs/annotations/ingress.schema.json
\`\`\`

or for many files in the settings of the workspace, beside the schema of Kubernetes:

\`\`\`json
{
  "yaml.schemas": {
    "kubernetes": "manifests/**/*.yaml",
    "PATH/TO/docs/annotations/ingress.schema.json": "manifests/**/*.yaml"
  }
}
\`\`\`

Objects of other kinds in the same file are left alone. What needs more than one value to judge, such as a key that has no effect
without another, only \`sluice check\` sees.

## Coverage
`;
