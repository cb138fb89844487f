import { createHash } from "node:crypto";
import type { Block, Document, Form, FormField, Inline, InlineElement } from "./document.ts";
import { STYLE } from "./style.ts";

/** A page of the navigation, in its order. */
export interface NavigationItem {
  readonly to: string;
  readonly text: string;
}

export interface Layout {
  readonly navigation: readonly NavigationItem[];
  /** The path of this page, to mark it. */
  readonly path: string;
  /** The same data as JSON. */
  readonly jsonPath: string;
}

/** Renders a document as a whole HTML page. All text is escaped here, and nowhere else. */
export function renderHtml(document: Document, layout: Layout): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(document.title)} · Sluice</title>
<style>${STYLE}</style>
</head>
<body>
<header><strong>Sluice</strong><nav>${layout.navigation.map((item) => navigationLink(item, layout.path)).join("")}</nav></header>
<main>
<h1>${escapeHtml(document.title)} <a class="json" href="${escapeHtml(layout.jsonPath)}">JSON</a></h1>
${document.blocks.map(block).join("\n")}
</main>
</body>
</html>
`;
}

/**
 * What the pages may do: show themselves, with this one style sheet, and send forms here. No script, image, frame or
 * foreign address; so even markup that slipped through could load and run nothing.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Text as HTML has it, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function navigationLink({ to, text }: NavigationItem, path: string): string {
  const isHere = to === path || (to !== "/debug" && path.startsWith(`${to}/`));
  return `<a href="${escapeHtml(to)}"${isHere ? ' aria-current="page"' : ""}>${escapeHtml(text)}</a>`;
}

function block(one: Block): string {
  switch (one.kind) {
    case "heading":
      return `<h2>${escapeHtml(one.text)}</h2>`;
    case "paragraph":
      return `<p>${inline(one.content)}</p>`;
    case "table": {
      const head = one.head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join("");
      const rows = one.rows.map(
        (row) => `<tr>${row.map((cell) => `<td>${inline(cell)}</td>`).join("")}</tr>`,
      );
      return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table></div>`;
    }
    case "fields":
      return `<dl>${one.fields.map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${inline(value)}</dd>`).join("")}</dl>`;
    case "json":
      return `<pre>${escapeHtml(JSON.stringify(one.value, undefined, 2))}</pre>`;
    case "form":
      return form(one);
  }
}

function inline(content: Inline): string {
  if (content === undefined) return "";
  if (typeof content === "string") return escapeHtml(content);
  if (typeof content === "number") return escapeHtml(content.toLocaleString("en"));
  return isList(content) ? content.map(inline).join("") : element(content);
}

// `Array.isArray` does not narrow a union with a readonly array.
function isList(content: InlineElement | readonly Inline[]): content is readonly Inline[] {
  return Array.isArray(content);
}

const SHORT = 28;

function element(one: InlineElement): string {
  switch (one.kind) {
    case "link":
      return `<a href="${escapeHtml(one.to)}">${escapeHtml(one.text)}</a>`;
    case "code":
      // A short name is better read in one piece; a long one may break anywhere.
      return `<code${one.text.length <= SHORT ? ' class="short"' : ""}>${escapeHtml(one.text)}</code>`;
    case "dim":
      return `<span class="dim">${escapeHtml(one.text)}</span>`;
    case "badge":
      return `<span class="badge ${one.tone}">${escapeHtml(one.text)}</span>`;
    case "lines":
      return one.lines.map((line) => `<div>${inline(line)}</div>`).join("");
  }
}

function form(one: Form): string {
  const inputs = one.fields.map(
    (field) => `<label><span>${escapeHtml(field.label)}</span>${formInput(field)}</label>`,
  );
  return `<form action="${escapeHtml(one.action)}" method="get">${inputs.join("\n")}<button>${escapeHtml(one.submit)}</button></form>`;
}

function formInput({ name, value, placeholder = "", input }: FormField): string {
  const common = `name="${escapeHtml(name)}" placeholder="${escapeHtml(placeholder)}"`;
  // The newline after the tag is dropped by browsers; without it, one that starts the value would be.
  if (input === "lines") return `<textarea ${common} rows="3">\n${escapeHtml(value)}</textarea>`;
  if (input === undefined) return `<input ${common} value="${escapeHtml(value)}">`;
  const options = input.map(
    (option) => `<option${option === value ? " selected" : ""}>${escapeHtml(option)}</option>`,
  );
  return `<select name="${escapeHtml(name)}">${options.join("")}</select>`;
}
