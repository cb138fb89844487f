import { protectionsIn } from "@sluice/features/nginx-protections";
import { describe, expect, test } from "vitest";
import { migrate } from "./migrate.ts";
import { GATEWAY, ingress, keyOf } from "./testing/compare.ts";

describe("a protection that no feature declares", () => {
  test.each([
    ["enable-modsecurity", "true", "refused"],
    ["enable-modsecurity", "false", "no-effect"],
    ["enable-modsecurity", "0", "no-effect"],
    ["auth-tls-verify-client", "off", "no-effect"],
    ["enable-global-auth", "false", "no-effect"],
    ["auth-url", "http://a.b/c", "refused"],
  ])("%s: %s is %s", (key, value, outcome) => {
    const report = migrate({
      objects: [ingress({ [key]: value })],
      features: [],
      diagnostics: [],
      gateway: GATEWAY,
      protectionsIn,
    });
    const told = keyOf(report, key);
    expect([told.outcome, told.lost.length]).toEqual([outcome, outcome === "refused" ? 1 : 0]);
  });
});
