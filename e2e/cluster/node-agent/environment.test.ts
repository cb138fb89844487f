import { expect, test } from "vitest";
import { environment, expand, type ReadObject } from "./environment.ts";
import type { Container, EnvVar, Pod } from "./pod.ts";

const pod: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "n", uid: "u", labels: { "app.example/a": "b" } },
  spec: { nodeName: "node", containers: [] },
};

const place = { pod, address: "10.0.0.2", hostAddress: "10.0.0.1" };
const objects = new Map([
  ["configmaps/settings", new Map([["a", Buffer.from("1")]])],
  ["secrets/login", new Map([["user", Buffer.from("u")]])],
]);

async function all(part: Partial<Container>): Promise<Record<string, string>> {
  const container: Container = { name: "c", image: "i", ...part };
  const read: ReadObject = async (resource, name) => objects.get(`${resource}/${name}`);
  const { PATH: _path, ...rest } = await environment(container, place, read);
  return rest;
}

function of(...env: readonly EnvVar[]): Promise<Record<string, string>> {
  return all({ env });
}

const field = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });

test("values refer to those before them", async () => {
  const env = [
    { name: "A", value: "1" },
    { name: "B", value: "$(A)-$(C)" },
    { name: "C", value: "3" },
  ];
  expect(await of(...env)).toEqual({ A: "1", B: "1-$(C)", C: "3" });
});

test("values come from ConfigMaps and Secrets; optional ones may be missing", async () => {
  const secretKeyRef = { name: "login", key: "user" };
  const configMapKeyRef = { name: "none", key: "a" };
  const env = [
    { name: "USER", valueFrom: { secretKeyRef } },
    { name: "NONE", valueFrom: { configMapKeyRef: { ...configMapKeyRef, optional: true } } },
  ];
  const envFrom = [{ prefix: "S_", configMapRef: { name: "settings" } }];
  expect(await all({ env, envFrom })).toEqual({ S_a: "1", USER: "u" });
  await expect(of({ name: "A", valueFrom: { configMapKeyRef } })).rejects.toThrow("key a of none");
  await expect(all({ envFrom: [{ secretRef: { name: "none" } }] })).rejects.toThrow("none");
});

test("limits and requests are numbers in their divisor, rounded up", async () => {
  const value = (resource: string, divisor?: string): EnvVar => ({
    name: resource,
    valueFrom: { resourceFieldRef: { resource, ...(divisor && { divisor }) } },
  });
  const resources = { limits: { memory: "512Mi", cpu: "1500m" }, requests: { cpu: "250m" } };
  const env = [value("limits.memory", "1Mi"), value("limits.cpu"), value("requests.cpu", "1m")];
  expect(await all({ env, resources })).toEqual({
    "limits.memory": "512",
    "limits.cpu": "2",
    "requests.cpu": "250",
  });
});

test.each([
  ["metadata.name", "p"],
  ["metadata.labels['app.example/a']", "b"],
  ["metadata.annotations['none']", ""],
  ["spec.nodeName", "node"],
  ["spec.serviceAccountName", "default"],
  ["status.podIP", "10.0.0.2"],
  ["status.hostIP", "10.0.0.1"],
])("%s is a field of the Pod", async (path, value) => {
  expect(await of(field("A", path))).toEqual({ A: value });
});

test("a source that the agent does not have is an error that names the variable", async () => {
  await expect(of(field("A", "metadata.nothing"))).rejects.toThrow("A");
  await expect(of({ name: "B", valueFrom: {} })).rejects.toThrow("B");
});

test("a doubled dollar stands for one", () => {
  expect(expand("$$(A) $(A) $A $(B)", { A: "1" })).toBe("$(A) 1 $A $(B)");
});
