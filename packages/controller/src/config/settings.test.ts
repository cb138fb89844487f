import { describe, expect, test } from "vitest";
import { loadSettings } from "./load-settings.ts";

describe("namespaces to watch", () => {
  test.each<[string, Parameters<typeof loadSettings>[0]["flags"], Record<string, string>, string[]]>([
    ["none", {}, {}, []],
    ["flags, joined", { watchNamespace: "shop,news" }, {}, ["shop", "news"]],
    ["a variable, with spaces", {}, { SLUICE_WATCH_NAMESPACE: "shop, news" }, ["shop", "news"]],
    ["a list, as in a file", { watchNamespace: ["shop"] }, {}, ["shop"]],
  ])("%s", (_, flags, env, expected) => {
    expect(loadSettings({ flags, env }).watchNamespace).toEqual(expected);
  });

  test.each(["Shop", "shop,,news", "a/b"])("%j is refused", (watchNamespace) => {
    expect(() => loadSettings({ flags: { watchNamespace }, env: {} })).toThrow(
      "--watch-namespace cannot be used: names of namespaces, with commas between them.",
    );
  });
});

test("a switch is a flag without a value, and true or false elsewhere", () => {
  expect(loadSettings({ flags: { kube: true }, env: {} }).kube).toBe(true);
  expect(loadSettings({ flags: {}, env: { SLUICE_KUBE: "true" } }).kube).toBe(true);
  expect(loadSettings({ flags: {}, env: {} }).kube).toBe(false);
});
