/** `make docs`: writes the pages under docs/ that come from the sources. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { referencePages } from "./reference-pages.ts";

for (const [name, text] of await referencePages()) {
  const file = join(import.meta.dirname, "../docs", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`docs/${name}`);
}
