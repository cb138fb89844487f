import type { CoverageRow } from "./coverage-table.ts";

const HEAD = ["key", "feature file", "unit good/bad/noted", "e2e requests/reports", "e2e files", "missing"];

/** The table as text, with a line that sums it up. */
export function coverageText(rows: readonly CoverageRow[]): string {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const pending = rows.filter((row) => row.pending !== undefined).length;
  const holes = rows.filter((row) => row.holes.length > 0).length;
  return `${lines.join("\n")}\n\n${rows.length} keys: ${rows.length - pending - holes} covered, ${pending} pending, ${holes} with holes\n`;
}

function cellsOf({ key, file, pending, unit, e2e, holes }: CoverageRow): readonly string[] {
  if (pending !== undefined) return [key, `pending: ${pending}`, "", "", "", ""];
  const short = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  return [
    key,
    short(file ?? "none"),
    `${unit.good}/${unit.bad}/${unit.noted}`,
    `${e2e.requests}/${e2e.reports}`,
    e2e.files.map((name) => short(name).replace(".e2e.ts", "")).join(","),
    holes.join("; "),
  ];
}
