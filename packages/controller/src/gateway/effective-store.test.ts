import { type KubeObject, objectKey } from "@sluice/model";
import { createStore } from "@sluice/store";
import { ingress, service } from "@sluice/translate/testing";
import { expect, test } from "vitest";
import { createEffectiveStore } from "./effective-store.ts";

const keyOf = ({ kind, metadata }: KubeObject) => objectKey({ kind, ...metadata });

function setup(...objects: KubeObject[]) {
  const source = createStore();
  source.apply({ set: objects, removed: [] });
  const effective = createEffectiveStore(source);
  source.onApplied((_revision, keys) => effective.follow(keys));
  const set = (...changed: KubeObject[]) => source.apply({ set: changed, removed: [] });
  return { source, effective, set, seen: () => effective.store.dump() };
}

const first = ingress("i", { annotations: { timeout: "1" } });
const second = ingress("i", { annotations: { timeout: "2" } });
const third = ingress("i", { annotations: { timeout: "3" } });
const other = service("web");

test("follows its source", () => {
  const { source, set, seen } = setup(first, other);
  expect(seen()).toEqual([first, other]);
  set(second);
  expect(seen()).toEqual([second, other]);
  source.apply({ set: [], removed: [{ kind: "Service", namespace: "default", name: "web" }] });
  expect(seen()).toEqual([second]);
});

test("shows an earlier form, or none, until the object changes", () => {
  const { effective, set, seen } = setup(second, other);
  effective.setAside([second], [{ object: second, replacement: first }]);
  expect(seen()).toEqual([first, other]);
  expect(effective.present(keyOf(second))).toBe(second);
  expect(effective.aside(second)).toEqual({ object: second, replacement: first });
  effective.setAside([second], [{ object: second, replacement: undefined }]);
  expect(seen()).toEqual([other]);
  set(third);
  expect(seen()).toEqual([third, other]);
  expect(effective.aside(second)).toBeUndefined();
});

test("is not moved by an edit elsewhere in the file", () => {
  const { effective, set, seen } = setup(second);
  effective.setAside([second], [{ object: second, replacement: first }]);
  set({ ...second, location: { file: "a.yaml", line: 9, column: 1 } });
  expect(seen()).toEqual([first]);
  expect(effective.aside(second)).toBeDefined();
});

test("changes what is aside as one change, for forms that are present only", () => {
  const { effective, set, seen } = setup(first, other);
  const changes: number[] = [];
  effective.store.onApplied((revision) => changes.push(revision));
  effective.setAside(
    [first, other],
    [first, other].map((object) => ({ object, replacement: undefined })),
  );
  expect(seen()).toEqual([]);
  effective.setAside([first, other], [{ object: other, replacement: undefined }]);
  expect(seen()).toEqual([first]);
  expect(changes).toHaveLength(2);
  set(second);
  effective.setAside([first], [{ object: first, replacement: undefined }]);
  expect(seen()).toEqual([second]);
});

test("lets go of what is aside when the object is deleted", () => {
  const { source, effective, seen } = setup(first);
  effective.setAside([first], [{ object: first, replacement: second }]);
  source.apply({ set: [], removed: [{ kind: "Ingress", namespace: "default", name: "i" }] });
  expect(seen()).toEqual([]);
  expect(effective.present(keyOf(first))).toBeUndefined();
  expect(effective.aside(first)).toBeUndefined();
});

test("shares the graph of its source", () => {
  const { source, effective } = setup(first);
  expect(effective.store.graph).toBe(source.graph);
});
