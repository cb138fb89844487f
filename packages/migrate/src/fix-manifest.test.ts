import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { fixManifest } from "./fix-manifest.ts";

const ADD = { namespace: "shop", name: "web", annotations: { "m/a": "1", "m/b": "x y\nz" } };

const doc = (metadata: string, kind = "Ingress") => `kind: ${kind}\nmetadata:\n${metadata}spec: {}\n`;

test.each([
  [
    "behind the last annotation, with its comments",
    doc('  name: web # n\n  namespace: shop\n  annotations:\n    # one\n    a: "1" # tail\n  labels: {}\n'),
    '    a: "1" # tail\n    m/a: "1"\n    m/b: "x y\\nz"\n  labels',
  ],
  [
    "behind a block of text",
    doc("  name: web\n  namespace: shop\n  annotations:\n    a: |\n      b\n      c\n"),
    '      c\n    m/a: "1"\n    m/b: "x y\\nz"\nspec',
  ],
  [
    "into metadata without annotations",
    doc("  name: web\n  namespace: shop\n"),
    '  namespace: shop\n  annotations:\n    m/a: "1"\n    m/b: "x y\\nz"\nspec',
  ],
  [
    "into a flow map",
    doc('  name: web\n  namespace: shop\n  annotations: { a: "1" }\n'),
    '{ a: "1", "m/a": "1", "m/b": "x y\\nz" }',
  ],
  [
    "into JSON",
    '{\n  "kind": "Ingress",\n  "metadata": {\n    "name": "web",\n    "namespace": "shop"\n  }\n}\n',
    '"namespace": "shop",\n    "annotations": {"m/a":"1","m/b":"x y\\nz"}\n  }',
  ],
  [
    "into an item of a list",
    `kind: List\nitems:\n- kind: Ingress\n  metadata:\n    name: web\n    namespace: shop\n    annotations:\n      a: b\n`,
    '      a: b\n      m/a: "1"\n      m/b: "x y\\nz"\n',
  ],
  [
    "keeping its line ends",
    doc("  name: web\n  namespace: shop\n").replaceAll("\n", "\r\n"),
    '    m/a: "1"\r\n',
  ],
  [
    "at the end without a line end",
    "kind: Ingress\nmetadata:\n  name: web\n  namespace: shop",
    'shop\n  annotations:\n    m/a: "1"',
  ],
])("%s", (_, text, wanted) => {
  const { text: fixed, left } = fixManifest(text, [ADD]);
  expect(left).toEqual([]);
  expect(fixed).toContain(wanted);
  const others = `# head\n---\n${doc("  name: web\n  namespace: shop\n", "Service")}---\n`;
  if (!text.startsWith("{")) {
    const many = fixManifest(`${others}${text}`, [ADD]).text;
    expect(many).toBe(`${others}${fixed}`);
  }
});

test.each([
  [
    "an alias",
    doc("  name: web\n  namespace: shop\n  annotations: *x\n").replace("kind:", "x: &x {a: b}\nkind:"),
  ],
  ["a template", doc("  name: web\n  namespace: {{ .Values.ns }}\n")],
  ["annotations that are null", doc("  name: web\n  namespace: shop\n  annotations:\n")],
  [
    "one that is there twice",
    `${doc("  name: web\n  namespace: shop\n")}---\n${doc("  name: web\n  namespace: shop\n")}`,
  ],
  ["one that is not there", doc("  name: other\n  namespace: shop\n")],
  ["one that is no YAML", "a: [\n"],
])("%s is left alone", (_, text) => {
  const fixed = fixManifest(text, [ADD]);
  expect(fixed.text).toBe(text);
  expect(fixed.left).toEqual([{ name: "web", reason: expect.any(String) }]);
});

test("whatever the values are, the text says just them besides", () => {
  const values = fc.dictionary(
    fc.string({ minLength: 1 }).map((key) => `m/${key.replace(/[^a-z]/g, "x")}`),
    fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
    { minKeys: 1, maxKeys: 3 },
  );
  const manifest = doc("  name: web\n  namespace: shop\n  annotations:\n    a: b\n");
  fc.assert(
    fc.property(values, (annotations) => {
      const { text, left } = fixManifest(manifest, [{ ...ADD, annotations }]);
      expect(left).toEqual([]);
      expect(parseAllDocuments(text)[0]?.toJS().metadata.annotations).toEqual({ a: "b", ...annotations });
    }),
    { numRuns: 200 },
  );
});
