import type { Resource } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { typeUrlOfName } from "./resource-types.ts";
import { matchesGlob, selectResources } from "./select-resources.ts";

test.each([
  ["a", "a", true],
  ["ab", "a", false],
  ["ab", "a*", true],
  ["a", "a*", true],
  ["http/x.example", "*.example", true],
  ["http/x.example", "http/*.example", true],
  ["http/x.example.org", "http/*.example", false],
  ["aba", "a*ba", true],
  ["aa", "a*a", true],
  ["a", "a*a", false],
  ["a.c", "a?c", false],
  ["axbxc", "a*b*c", true],
  ["axbxc", "a*c*b", false],
  ["", "*", true],
])("%o is %o: %o", (name, glob, expected) => {
  expect(matchesGlob(name, glob)).toBe(expected);
});

const resource = (typeUrl: string, name: string): Resource => ({
  typeUrl,
  name,
  bytes: new Uint8Array(),
  version: "",
  origins: [],
  dependsOn: [],
});

test("resources come by type, then name, and only those that are asked for", () => {
  const all = [
    resource(TYPE_URLS.CLUSTER, "b"),
    resource(TYPE_URLS.CLUSTER, "a"),
    resource(TYPE_URLS.LISTENER, "z"),
  ];
  const names = (typeUrls: string[], globs: string[]) =>
    selectResources(all, { typeUrls, names: globs }).map(({ name }) => name);
  expect(names([], [])).toEqual(["z", "a", "b"]);
  expect(names([TYPE_URLS.CLUSTER], [])).toEqual(["a", "b"]);
  expect(names([], ["z", "b*"])).toEqual(["z", "b"]);
});

test("types have two names each", () => {
  expect(typeUrlOfName("cds")).toBe(TYPE_URLS.CLUSTER);
  expect(typeUrlOfName("Clusters")).toBe(TYPE_URLS.CLUSTER);
  expect(typeUrlOfName("cluster")).toBeUndefined();
});
