import type { VirtualHost } from "@sluice/model";
import { expect, test } from "vitest";
import { createTlsChains } from "./tls-chains.ts";

const host = (name: string, certificate?: string): VirtualHost => ({
  host: name,
  routes: [],
  origins: [],
  ...(certificate === undefined ? {} : { certificate }),
});

test("lists the hosts whose TLS is passed on, and sees them change", () => {
  const chains = createTlsChains();
  const target = { kind: "service", namespace: "ns", name: "web", port: { number: 443 } } as const;
  const passed = (name: string, backend?: string): VirtualHost => ({
    ...host(name),
    passthrough: { origins: [], ...(backend && { backend: { name: backend, target, variant: {} } }) },
  });
  expect(chains.set("b.test", passed("b.test", "ns/web/443/passthrough"))).toBe(true);
  expect(chains.set("b.test", passed("b.test", "ns/web/443/passthrough"))).toBe(false);
  expect(chains.set("a.test", passed("a.test"))).toBe(true);
  expect(chains.passthroughs()).toEqual([
    { host: "a.test", origins: [] },
    { host: "b.test", cluster: "ns/web/443/passthrough", origins: [] },
  ]);
  expect(chains.set("b.test", host("b.test", "ns/one"))).toBe(true);
  expect(chains.set("a.test", undefined)).toBe(true);
  expect(chains.passthroughs()).toEqual([]);
  expect(chains.current()).toMatchObject([{ certificate: "ns/one", hosts: ["b.test"] }]);
});

test("groups hosts by certificate, both sorted", () => {
  const chains = createTlsChains();
  const summary = () => chains.current().map(({ certificate, hosts }) => `${certificate}: ${hosts.join()}`);
  expect(chains.set("b.test", host("b.test", "ns/two"))).toBe(true);
  expect(chains.set("c.test", host("c.test", "ns/one"))).toBe(true);
  expect(chains.set("a.test", host("a.test", "ns/two"))).toBe(true);
  expect(chains.set("plain.test", host("plain.test"))).toBe(false);
  expect(summary()).toEqual(["ns/one: c.test", "ns/two: a.test,b.test"]);

  expect(chains.set("a.test", host("a.test", "ns/two"))).toBe(false);
  expect(chains.set("a.test", host("a.test", "ns/one"))).toBe(true);
  expect(summary()).toEqual(["ns/one: a.test,c.test", "ns/two: b.test"]);

  expect(chains.set("b.test", undefined)).toBe(true);
  expect(chains.set("b.test", undefined)).toBe(false);
  expect(chains.set("c.test", host("c.test"))).toBe(true);
  expect(summary()).toEqual(["ns/one: a.test"]);
  expect(chains.current()[0]?.origins).toEqual([
    { object: { kind: "Secret", namespace: "ns", name: "one" } },
  ]);
});
