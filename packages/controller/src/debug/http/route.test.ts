import { expect, test } from "vitest";
import { type Page, plainText } from "../page.ts";
import { routePage } from "./route.ts";

const page = (path: string): Page => ({ path, doc: "", query: [], answer: () => plainText("") });
const pages = [page("/debug"), page("/debug/resources"), page("/debug/resources/{type}")];

test.each<[path: string, page: string | undefined, segment?: string]>([
  ["/debug", "/debug"],
  ["/debug/", "/debug"],
  ["/debug/resources", "/debug/resources"],
  ["/debug/resources/", "/debug/resources"],
  ["/debug/resources/cds", "/debug/resources/{type}", "cds"],
  ["/debug/resources/cds/", "/debug/resources/{type}", "cds"],
  ["/debug/resources/a%20b", "/debug/resources/{type}", "a b"],
  ["/debug/resources/a/b", undefined],
  ["/debug/resources/a%2Fb", undefined],
  ["/debug/resources/%ff", undefined],
  ["/debug/resources/%", undefined],
  ["/debug/resourcesx", undefined],
  ["/", undefined],
  ["", undefined],
])("%s", (path, expected, segment = "") => {
  const routed = routePage(pages, path);
  expect(routed?.page.path).toBe(expected);
  if (routed !== undefined) expect(routed.segment).toBe(segment);
});
