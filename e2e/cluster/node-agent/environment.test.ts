import { expect, test } from "vitest";
import { environment, expand } from "./environment.ts";
import type { Container, EnvVar, Pod } from "./pod.ts";

const pod: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "n", uid: "u", labels: { "app.example/a": "b" } },
  spec: { nodeName: "node", containers: [] },
};

function of(...env: readonly EnvVar[]): Record<string, string> {
  const container: Container = { name: "c", image: "i", env };
  const { PATH: _path, ...rest } = environment(container, pod, "10.0.0.2", "10.0.0.1");
  return rest;
}

const field = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });

test("values refer to those before them", () => {
  expect(of({ name: "A", value: "1" }, { name: "B", value: "$(A)-$(C)" }, { name: "C", value: "3" })).toEqual(
    {
      A: "1",
      B: "1-$(C)",
      C: "3",
    },
  );
});

test.each([
  ["metadata.name", "p"],
  ["metadata.labels['app.example/a']", "b"],
  ["metadata.annotations['none']", ""],
  ["spec.nodeName", "node"],
  ["spec.serviceAccountName", "default"],
  ["status.podIP", "10.0.0.2"],
  ["status.hostIP", "10.0.0.1"],
])("%s is a field of the Pod", (path, value) => {
  expect(of(field("A", path))).toEqual({ A: value });
});

test("a source that the agent does not have is an error that names the variable", () => {
  expect(() => of(field("A", "metadata.nothing"))).toThrow("A");
  expect(() => of({ name: "B", valueFrom: {} })).toThrow("B");
});

test("a doubled dollar stands for one", () => {
  expect(expand("$$(A) $(A) $A $(B)", { A: "1" })).toBe("$(A) 1 $A $(B)");
});
