/**
 * What a page shows, as data: pages say what is there, `html.ts` alone says how it becomes HTML. No part of a
 * document is markup, so whatever text comes from users or from Envoy ends up as text.
 */
export interface Document {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "paragraph"; readonly content: Inline }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly Inline[])[];
    }
  | { readonly kind: "fields"; readonly fields: readonly (readonly [label: string, value: Inline])[] }
  /** A value as indented JSON, lines and all. */
  | { readonly kind: "json"; readonly value: unknown }
  | Form;

/** A form that asks this server, by GET. */
export interface Form {
  readonly kind: "form";
  readonly action: string;
  readonly fields: readonly FormField[];
  readonly submit: string;
}

export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  /** More than one line, or one of a few options; absent: one line. */
  readonly input?: "lines" | readonly string[];
}

/** A run of text. Absent and empty ones show nothing. */
export type Inline = string | number | undefined | InlineElement | readonly Inline[];

export type InlineElement =
  | { readonly kind: "link"; readonly to: string; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "dim"; readonly text: string }
  | { readonly kind: "badge"; readonly text: string; readonly tone: Tone }
  /** Each on a line of its own. */
  | { readonly kind: "lines"; readonly lines: readonly Inline[] };

export type Tone = "good" | "warn" | "bad" | "plain";

export const heading = (text: string): Block => ({ kind: "heading", text });
export const paragraph = (...content: Inline[]): Block => ({ kind: "paragraph", content });
export const table = (head: readonly string[], rows: readonly (readonly Inline[])[]): Block => ({
  kind: "table",
  head,
  rows,
});
/** Label and value pairs; those without a value are left out. */
export const fields = (list: readonly (readonly [label: string, value: Inline])[]): Block => ({
  kind: "fields",
  fields: list.filter(([, value]) => value !== undefined),
});
export const json = (value: unknown): Block => ({ kind: "json", value });

/** `to` must be a path on this server. */
export const link = (to: string, text: string): InlineElement => ({ kind: "link", to, text });
export const code = (text: string): InlineElement => ({ kind: "code", text });
export const dim = (text: string): InlineElement => ({ kind: "dim", text });
export const badge = (text: string, tone: Tone): InlineElement => ({ kind: "badge", text, tone });
export const lines = (list: readonly Inline[]): InlineElement => ({ kind: "lines", lines: list });

/** A table, or a sentence when there are no rows. */
export function tableOr(
  nothing: string,
  head: readonly string[],
  rows: readonly (readonly Inline[])[],
): Block {
  return rows.length === 0 ? paragraph(dim(nothing)) : table(head, rows);
}

/** `1 node`, `2 nodes`; the plural form when it is not just an s more. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? singular : plural}`;
}
