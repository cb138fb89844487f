/** Wider tables are not padded: a terminal would break their lines anyway. */
const MAX_WIDTH = 120;

/** A table, with columns that stand under each other where that fits a terminal. Cells are Markdown without line breaks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const isWide = widths.reduce((sum, width) => sum + width + 3, 1) > MAX_WIDTH;
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (isWide ? text : text.padEnd(widths[column] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(isWide ? 3 : width));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** Text as Markdown has it, also in a table: what stands in backticks stays code. */
export function prose(text: string): string {
  const parts = text.split(/(`[^`]*`)/);
  return parts.map((part, n) => (n % 2 === 1 ? part : part.replace(/[*|<]/g, "\\$&"))).join("");
}

/** The fragment that forges give a heading of one word of code. */
export function anchor(name: string): string {
  return name.replace("*", "");
}
