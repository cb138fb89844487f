import type { ObjectRef } from "@sluice/model";
import { expect, test } from "vitest";
import { resolveAnnotations } from "./annotations.ts";
import { defineFeature } from "./feature.ts";
import { bool, int } from "./keys.ts";
import { askMarks } from "./parse-feature.ts";

const object: ObjectRef = { kind: "Ingress", namespace: "a", name: "b" };
const info = { doc: "", example: "" };
const asking = defineFeature({
  id: "asking",
  title: "Asking",
  scope: "service",
  onInvalid: "ignore",
  keys: { sticky: bool(info), size: int(1, 9, info) },
  parse: () => undefined,
  asks: (values) => values.sticky === true || (values.size ?? 0) > 5,
});
const silent = defineFeature({ ...asking, id: "silent", asks: () => false });

function marks(annotations: Readonly<Record<string, string>>): unknown {
  const prefixed = Object.entries(annotations).map(([key, value]) => [`higress.io/${key}`, value]);
  return askMarks([asking, silent], resolveAnnotations(object, Object.fromEntries(prefixed)).set);
}

test.each<[Record<string, string>, unknown]>([
  [{}, {}],
  [{ sticky: "true" }, { "asking@own": true }],
  [{ sticky: "false", size: "6" }, { "asking@own": true }],
  [{ sticky: "false", size: "5" }, {}],
  [{ sticky: "perhaps" }, {}],
  [{ sticky: "" }, {}],
])("an Ingress with %j carries %j", (annotations, expected) => {
  expect(marks(annotations)).toEqual(expected);
});
