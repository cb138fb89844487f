import { expect, test } from "vitest";
import { noEffect } from "./no-effect.ts";
import { parse } from "./testing/feature-bench.ts";

test.each(Object.keys(noEffect.keys))("%s: information, once, whatever the value", (key) => {
  for (const value of ["on", "off", "not what nginx takes"]) {
    const { policy, found, diagnostics } = parse(noEffect, { [key]: value });
    expect(policy).toBeUndefined();
    expect(found).toEqual([`annotation-no-effect ${key}`]);
    expect(diagnostics).toMatchObject([{ severity: "info", value, message: expect.stringContaining(key) }]);
  }
});

test("a blank value is none", () => {
  expect(parse(noEffect, { "proxy-buffering": " " }).found).toEqual([]);
});

test("each key is said for itself", () => {
  const { found } = parse(noEffect, { "proxy-buffering": "on", "proxy-buffer-size": "8k" });
  expect(found).toEqual(["annotation-no-effect proxy-buffering", "annotation-no-effect proxy-buffer-size"]);
});
