import { expect, test } from "vitest";
import { appRoot } from "./app-root.ts";
import { parse } from "./testing/feature-bench.ts";

test.each<[string, string]>([
  ["/app", "/app"],
  ["/app/?a=b#c", "/app/?a=b#c"],
  ["/é", "/%C3%A9"],
])("the bare host leads to %s", (text, path) => {
  const { policy, found } = parse(appRoot, { "app-root": text });
  expect(found).toEqual([]);
  expect(appRoot.hostRoutes?.(policy)).toEqual([
    {
      name: "app-root",
      path: { kind: "exact", value: "/" },
      answer: { kind: "redirect", status: 302, path, keepPort: true, stripQuery: true },
    },
  ]);
});

test.each(["app", "/", "//evil.example", "/?a", "/a b", "/$host", "https://e.com/"])("%s is bad", (text) => {
  const { policy, found } = parse(appRoot, { "app-root": text });
  expect(policy).toBeUndefined();
  expect(found).toEqual(["annotation-value app-root"]);
});
