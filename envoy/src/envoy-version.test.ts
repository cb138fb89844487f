import { expect, test } from "vitest";
import { isSupportedVersion, parseEnvoyVersion } from "./envoy-version.ts";

test.each([
  ["\nenvoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL\n", "1.40.0"],
  ["envoy  version: 9e55/1.41.0-dev/Modified/RELEASE/BoringSSL", "1.41.0"],
  ["git version 2.39.5", undefined],
  ["", undefined],
])("%j has version %s", (output, version) => {
  expect(parseEnvoyVersion(output)).toBe(version);
});

test.each([
  ["1.35.9", false],
  ["1.4.0", false],
  ["0.99.0", false],
  ["1.36.0", true],
  ["1.100.0", true],
  ["2.0.0", true],
])("%s is supported: %s", (version, supported) => {
  expect(isSupportedVersion(version)).toBe(supported);
});
