import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { declaresKey, type Feature } from "../../packages/feature-api/src/index.ts";
import { features } from "../../packages/features/src/index.ts";
import { EXAMPLES, exampleOf, exampleServices } from "./examples.ts";
import { excerpt } from "./excerpt.ts";
import { featurePage } from "./feature-page.ts";
import { declarationOf, indexPage } from "./index-page.ts";
import { KEY_GROUPS, PENDING } from "./reference-keys.ts";
import { objectsOf, translated } from "./translate-example.ts";

const KEYS = KEY_GROUPS.flatMap(({ keys }) => keys);

test("each key of the reference is declared, or stands in PENDING of reference-keys.ts; take it out there once it is declared", () => {
  const pending = Object.values(PENDING).flat();
  expect(KEYS.filter((key) => declarationOf(features, key) === undefined).sort()).toEqual(
    [...pending].sort(),
  );
});

test("each declared key, by all its names, is in the reference", () => {
  const declared = features.flatMap(({ keys }) =>
    Object.entries(keys).flatMap(([name, { aliases = [] }]) => [name, ...aliases]),
  );
  expect(declared.filter((name) => !KEYS.includes(name))).toEqual([]);
  expect(new Set(KEYS).size).toBe(KEYS.length);
});

test("the index leads to each page, and to each key on it", async () => {
  const index = indexPage(features);
  for (const feature of features) {
    const page = await featurePage(feature);
    for (const name of Object.keys(feature.keys)) {
      expect(page).toContain(`### \`${name}\`\n`);
      expect(index).toContain(`| \`${name}\` `);
    }
    expect(index).toContain(`](${feature.id}.md#`);
  }
});

const BY_HAND = readdirSync(EXAMPLES).filter((file) => file !== "services.yaml");

test("each example is that of a page", () => {
  expect(BY_HAND.filter((file) => !features.some(({ id }) => `${id}.yaml` === file))).toEqual([]);
});

describe.each(features.map((feature) => [feature.id, feature] as const))(
  "the example of %s",
  (id, feature) => {
    test("is translated, holds a key of the page, and is well", async () => {
      const own = objectsOf(exampleOf(feature));
      expect(own.some(({ metadata }) => hasKeyOf(feature, metadata.annotations))).toBe(true);
      const { diagnostics, resources } = await translated([...objectsOf(exampleServices()), ...own]);
      expect(resources).not.toEqual([]);
      expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
      if (BY_HAND.includes(`${id}.yaml`))
        expect(diagnostics.filter(({ severity }) => severity === "warning")).toEqual([]);
    });
  },
);

function hasKeyOf(feature: Feature, annotations: Readonly<Record<string, string>>): boolean {
  return Object.keys(annotations).some((name) => declaresKey(feature, name.slice(name.indexOf("/") + 1)));
}

test("an excerpt holds what is new, with the names of what it is in", () => {
  const before = { "@type": "t", name: "a", same: 1, routes: [{ name: "r", x: 1 }, { name: "s" }] };
  const after = {
    "@type": "t",
    name: "a",
    same: 1,
    routes: [{ name: "r", x: 1, y: [2] }, { name: "s" }, { name: "u" }],
  };
  expect(excerpt([before], [before])).toEqual([]);
  expect(excerpt([before], [after, { "@type": "t", name: "b" }])).toEqual([
    { "@type": "t", name: "a", routes: [{ name: "r", y: [2] }, { name: "u" }] },
    { "@type": "t", name: "b" },
  ]);
});
