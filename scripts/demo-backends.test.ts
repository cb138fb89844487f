import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { demoBackends } from "./demo-backends.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-demo-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the quickstart has its two backends", () => {
  expect(demoBackends(join(import.meta.dirname, "../examples/quickstart"))).toEqual([
    { name: "echo-v1", host: "127.0.0.1", port: 9001 },
    { name: "echo-v2", host: "127.0.0.1", port: 9002 },
  ]);
});

test("addresses and ports multiply; others' addresses and other kinds are left alone", () => {
  const slice = {
    kind: "EndpointSlice",
    metadata: { labels: { "kubernetes.io/service-name": "a" } },
    endpoints: [{ addresses: ["127.0.0.2", "10.0.0.1"] }, {}],
    ports: [{ port: 1 }, { port: 2 }, {}],
  };
  writeFileSync(join(folder, "a.yaml"), JSON.stringify(slice));
  writeFileSync(join(folder, "b.yml"), `kind: Service\n---\n---\nkind: EndpointSlice\n`);
  writeFileSync(join(folder, "c.txt"), JSON.stringify(slice));
  expect(demoBackends(folder)).toEqual([
    { name: "a", host: "127.0.0.2", port: 1 },
    { name: "a", host: "127.0.0.2", port: 2 },
  ]);
});
