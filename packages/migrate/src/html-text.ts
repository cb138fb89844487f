/** HTML that is safe to put into a page as it is. */
export interface Html {
  readonly html: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const UNSHOWABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;

/** A text as HTML; what a page must not hold, or what turns the direction of text, shows as a box. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(UNSHOWABLE, "\ufffd")
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? "");
}

type Part = string | number | Html | readonly Html[] | undefined;

/** A template whose parts are escaped, unless they are HTML already. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: strings.map((text, at) => text + (at < parts.length ? show(parts[at]) : "")).join("") };
}

function show(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escapeHtml(`${part}`);
  // `Array.isArray` does not narrow a read-only list.
  return "html" in part ? part.html : part.map((each) => each.html).join("");
}
