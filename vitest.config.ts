import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "packages/*/src/**/*.test.ts",
            "protos/src/**/*.test.ts",
            "envoy/src/**/*.test.ts",
            "e2e/**/*.test.ts",
            "scripts/**/*.test.ts",
          ],
          setupFiles: ["scripts/testing/property-seed.ts"],
          // A bound for tests that hang; a slow machine is no failure.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.e2e.ts"],
          setupFiles: ["scripts/testing/property-seed.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Two cores are shared with the Envoy and the control plane of each test.
          fileParallelism: false,
        },
      },
    ],
  },
});
