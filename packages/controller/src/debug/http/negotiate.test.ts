import { expect, test } from "vitest";
import { chooseFormat } from "./negotiate.ts";

test.each<[who: string, accept: string | undefined, format: string | null, chosen: "json" | "html"]>([
  ["a client that says nothing", undefined, null, "json"],
  ["curl", "*/*", null, "json"],
  ["a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", null, "html"],
  ["a client of JSON", "application/json", null, "json"],
  ["one that prefers JSON", "text/html;q=0.5, application/json", null, "json"],
  ["one that prefers HTML", "application/json;q=0.5, text/html", null, "html"],
  ["one that takes both alike", "text/html, application/json", null, "json"],
  ["one that takes any text", "text/*", null, "html"],
  ["one that refuses HTML", "text/html;q=0, */*", null, "json"],
  ["one that takes neither", "image/png", null, "json"],
  ["one with a bad weight", "TEXT/HTML;q=high, application/json;q=0.1", null, "html"],
  ["nonsense", ";;,,q=", null, "json"],
  ["a browser that asks for JSON", "text/html", "json", "json"],
  ["curl that asks for HTML", "*/*", "html", "html"],
  ["an unknown format", "text/html", "yaml", "html"],
])("%s", (_who, accept, format, chosen) => {
  expect(chooseFormat(accept, format)).toBe(chosen);
});
