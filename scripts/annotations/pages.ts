import { features } from "../../packages/features/src/index.ts";
import { featurePage } from "./feature-page.ts";
import { indexPage } from "./index-page.ts";
import { annotationSchema } from "./schema.ts";

/** The pages of all annotations, by their names under docs/annotations/. */
export async function annotationPages(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map([["README.md", indexPage(features)]]);
  for (const feature of features) pages.set(`${feature.id}.md`, await featurePage(feature));
  pages.set("ingress.schema.json", `${JSON.stringify(annotationSchema(features), null, 1)}\n`);
  return pages;
}
