import { describe, expect, test } from "vitest";
import { tryFeature } from "./support/try-feature.ts";
import { timeouts } from "./timeouts.ts";

const BACKEND = {
  name: "a/b/80",
  target: { kind: "service", namespace: "a", name: "b", port: "first" },
  variant: {},
} as const;

describe("on the route", () => {
  test.each<[Record<string, string>, object]>([
    [{}, {}],
    [{ timeout: "30" }, { timeout: { seconds: 30 } }],
    [{ timeout: "0" }, {}],
    [{ "proxy-read-timeout": "7" }, { idleTimeout: { seconds: 7 } }],
    [{ "proxy-send-timeout": "8" }, { idleTimeout: { seconds: 8 } }],
    [{ "proxy-read-timeout": "7", "proxy-send-timeout": "3600" }, { idleTimeout: { seconds: 3600 } }],
    [{ "proxy-read-timeout": "9", "proxy-send-timeout": "8" }, { idleTimeout: { seconds: 9 } }],
    [{ "proxy-connect-timeout": "2" }, {}],
    [
      { timeout: "1", "proxy-read-timeout": "2" },
      { timeout: { seconds: 1 }, idleTimeout: { seconds: 2 } },
    ],
  ])("%j writes %j", (annotations, expected) => {
    const tried = tryFeature(timeouts, annotations);
    expect(tried.findings).toEqual([]);
    expect(tried.route()).toEqual({ route: { cluster: "c", ...expected } });
  });
});

describe("connect timeout", () => {
  test("is 5 seconds on every cluster", () => {
    expect(tryFeature(timeouts, {}).cluster()).toEqual({ name: "c", connectTimeout: { seconds: 5 } });
  });

  test("makes a cluster of its own", () => {
    const { policy } = tryFeature(timeouts, { "proxy-connect-timeout": "2", timeout: "9" });
    const variant = timeouts.backendVariant?.(policy, BACKEND);
    expect(variant).toEqual({ suffix: "connect-2s", policy: { connect: 2 } });
    const cluster = { name: "c" };
    timeouts.cluster?.(cluster, variant?.policy);
    expect(cluster).toEqual({ name: "c", connectTimeout: { seconds: 2 } });
  });

  test.each<Record<string, string>>([{ timeout: "9" }, { timeout: "9", "proxy-connect-timeout": "5" }])(
    "%j makes none",
    (annotations) => {
      const { policy } = tryFeature(timeouts, annotations);
      expect(timeouts.backendVariant?.(policy, BACKEND)).toBeUndefined();
    },
  );
});

describe.each(["timeout", "proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout"])(
  "%s",
  (key) => {
    test.each(["-1", "300s", "1.5", "1e3", "forever", "9999999999"])("refuses %j", (text) => {
      const tried = tryFeature(timeouts, { [key]: text });
      expect(tried.findings).toEqual([`${key} annotation-value`]);
      expect(tried.policy).toBeUndefined();
    });
  },
);

test.each(["proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout"])("%s is not 0", (key) => {
  expect(tryFeature(timeouts, { [key]: "0" }).findings).toEqual([`${key} annotation-value`]);
});
