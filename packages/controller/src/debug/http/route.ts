import type { Page } from "../page.ts";

export interface Routed {
  readonly page: Page;
  /** What stands for the variable segment; empty if there is none. */
  readonly segment: string;
}

/** The page at a path. A slash at the end does not matter. */
export function routePage(pages: readonly Page[], path: string): Routed | undefined {
  const wanted = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  for (const page of pages) {
    if (page.path === wanted) return { page, segment: "" };
    const brace = page.path.indexOf("{");
    if (brace < 0 || !wanted.startsWith(page.path.slice(0, brace))) continue;
    const segment = decode(wanted.slice(brace));
    if (segment !== undefined && segment !== "" && !segment.includes("/")) return { page, segment };
  }
  return undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
