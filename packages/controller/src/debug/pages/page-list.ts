import type { Page } from "../page.ts";
import { type Block, code, dim, heading, link, table } from "../view/document.ts";

export interface ListedPage {
  readonly path: string;
  readonly query: readonly string[];
  readonly doc: string;
}

export function listedPages(pages: readonly Page[]): readonly ListedPage[] {
  return pages.map(({ path, query, doc }) => ({ path, query, doc }));
}

export function pagesBlocks(pages: readonly ListedPage[]): readonly Block[] {
  return [
    heading("Pages"),
    table(
      ["Page", "What it answers", "Parameters"],
      pages.map(({ path, doc, query }) => [
        path.includes("{") ? code(path) : link(path, path),
        doc,
        dim(query.join(", ")),
      ]),
    ),
  ];
}
