import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { referencePages } from "./reference-pages.ts";

test.each([...(await referencePages())])(
  "docs/%s is what the sources say; else run: make docs",
  (name, text) => {
    expect(readFileSync(join(import.meta.dirname, "../docs", name), "utf8")).toBe(text);
  },
);
