import type { Block, Document, Form, Inline } from "./document.ts";

/** The document with one more parameter on each link to a debug page, and in each form. */
export function carry(document: Document, name: string, value: string): Document {
  return { ...document, blocks: document.blocks.map((block) => carryBlock(block, name, value)) };
}

/** The same for one address on this server. One that has the parameter already keeps its value. */
export function carryAddress(to: string, name: string, value: string): string {
  if (!to.startsWith("/debug")) return to;
  const [path = "", query] = to.split("?", 2);
  const set = new URLSearchParams(query);
  if (!set.has(name)) set.set(name, value);
  return `${path}?${set}`;
}

function carryBlock(block: Block, name: string, value: string): Block {
  const inline = (one: Inline): Inline => carryInline(one, name, value);
  switch (block.kind) {
    case "heading":
    case "json":
      return block;
    case "paragraph":
      return { ...block, content: inline(block.content) };
    case "table":
      return { ...block, rows: block.rows.map((row) => row.map(inline)) };
    case "fields":
      return { ...block, fields: block.fields.map(([label, content]) => [label, inline(content)] as const) };
    case "form":
      return carryForm(block, name, value);
  }
}

function carryForm(form: Form, name: string, value: string): Form {
  return { ...form, fields: [...form.fields, { name, label: name, value, input: [value] }] };
}

function carryInline(content: Inline, name: string, value: string): Inline {
  if (content === undefined || typeof content !== "object") return content;
  if (isList(content)) return content.map((one) => carryInline(one, name, value));
  switch (content.kind) {
    case "link":
      return { ...content, to: carryAddress(content.to, name, value) };
    case "lines":
      return { ...content, lines: content.lines.map((line) => carryInline(line, name, value)) };
    default:
      return content;
  }
}

// `Array.isArray` does not narrow a union with a readonly array.
function isList(content: Exclude<Inline, string | number | undefined>): content is readonly Inline[] {
  return Array.isArray(content);
}
