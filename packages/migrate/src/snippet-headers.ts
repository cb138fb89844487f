/**
 * What a configuration snippet does, if all it does is to set or remove headers by fixed values: the annotations that do the same
 * here, by key without prefix. Undefined for any other snippet, and for one that is not understood to its end.
 */
export function snippetHeaders(snippet: string): Readonly<Record<string, string>> | undefined {
  const statements = tokens(snippet);
  if (statements === undefined || statements.length === 0) return undefined;
  const out = new Map<string, string[]>();
  for (const statement of statements) {
    const changes = changesOf(statement);
    if (changes === undefined) return undefined;
    for (const [key, line] of changes) out.set(key, [...(out.get(key) ?? []), line]);
  }
  return Object.fromEntries(
    [...out].map(([key, lines]) => [key, lines.join(key.endsWith("-remove") ? "," : "\n")]),
  );
}

type Change = readonly [key: string, line: string];

const NAME = /^[A-Za-z0-9][A-Za-z0-9-]*$/;
/** What NGINX and Envoy treat in ways of their own. */
const SPECIAL = new Set([
  "host",
  "connection",
  "upgrade",
  "transfer-encoding",
  "content-length",
  "te",
  "server",
]);

function changesOf([directive = "", ...args]: readonly string[]): readonly Change[] | undefined {
  if (args.length === 0) return undefined;
  if (directive === "proxy_set_header") {
    const [name = "", value = "", ...rest] = args;
    return args.length < 2 || rest.length > 0 ? undefined : change("request", name, value);
  }
  if (directive !== "more_set_headers" && directive !== "more_clear_headers") return undefined;
  const changes = args.map((arg) => {
    const colon = arg.indexOf(":");
    if (directive === "more_clear_headers") return colon < 0 ? change("response", arg, "") : undefined;
    return colon < 0
      ? undefined
      : change("response", arg.slice(0, colon).trim(), arg.slice(colon + 1).trim());
  });
  return changes.includes(undefined) ? undefined : changes.flatMap((one) => one ?? []);
}

function change(side: "request" | "response", name: string, value: string): readonly Change[] | undefined {
  if (!NAME.test(name) || SPECIAL.has(name.toLowerCase())) return undefined;
  // A variable, or what a line of the annotation would read in another way.
  if (/[$"'\\]/.test(value) || /[^\x20-\x7e]/.test(value)) return undefined;
  return value === ""
    ? [[`${side}-header-control-remove`, name]]
    : [[`${side}-header-control-update`, `${name} ${value}`]];
}

/** The words of each statement; undefined if there are blocks, or if a quote or the last statement does not end. */
function tokens(text: string): readonly (readonly string[])[] | undefined {
  const statements: string[][] = [];
  let words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const char = text[at] ?? "";
    if (/\s/.test(char)) at++;
    else if (char === "#") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (char === "{" || char === "}") return undefined;
    else if (char === ";") {
      if (words.length > 0) statements.push(words);
      words = [];
      at++;
    } else {
      const quote = char === '"' || char === "'";
      const end = quote ? text.indexOf(char, at + 1) : bareEnd(text, at);
      if (end < 0) return undefined;
      words.push(text.slice(quote ? at + 1 : at, end));
      at = quote ? end + 1 : end;
    }
  }
  return words.length > 0 ? undefined : statements;
}

function bareEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\s;{}]/.test(text[at] ?? "")) at++;
  return at;
}
