import { beforeAll, describe, expect, test } from "vitest";
import { type BootstrapOptions, bootstrap } from "./bootstrap.ts";
import { findEnvoy } from "./find-envoy.ts";
import { validateConfig } from "./validate-config.ts";

const base: BootstrapOptions = {
  nodeId: "node-1",
  cluster: "sluice",
  xdsAddress: "unix:/run/sluice/xds.sock",
  adminAddress: "127.0.0.1:15000",
};

let envoy: string;
beforeAll(async () => {
  envoy = (await findEnvoy()).path;
}, 120_000);

const accepted: [string, Partial<BootstrapOptions>][] = [
  ["a Unix socket, incremental", {}],
  ["TCP by address", { xdsAddress: "127.0.0.1:15010" }],
  ["TCP by IPv6 address", { xdsAddress: "[::1]:15010" }],
  ["TCP by name, state of the world", { xdsAddress: "control.example:15010", delta: false }],
  ["the admin interface on a Unix socket", { adminAddress: "unix:/tmp/sluice-admin.sock" }],
  ["a bound on memory and connections", { maxHeapBytes: 1 << 30, maxDownstreamConnections: 100 }],
  ["metadata and locality", { metadata: { pod: "a" }, locality: { region: "r", zone: "z", sub_zone: "s" } }],
  ["runtime keys", { runtime: { "tracing.random_sampling": 100, "a.b": "text", "c.d": true } }],
  [
    "extensions",
    {
      extensions: {
        static_resources: { clusters: [{ name: "mine", type: "STATIC" }] },
        stats_config: { stats_matcher: { reject_all: true } },
      },
    },
  ],
];

test.each(accepted)("Envoy accepts %s", async (_what, options) => {
  expect(await validateConfig(envoy, bootstrap({ ...base, ...options }))).toEqual({ ok: true, message: "" });
});

describe("shape", () => {
  test("delta or state of the world", () => {
    expect(bootstrap(base)).toMatchObject({ dynamic_resources: { ads_config: { api_type: "DELTA_GRPC" } } });
    expect(bootstrap({ ...base, delta: false })).toMatchObject({
      dynamic_resources: { ads_config: { api_type: "GRPC" } },
    });
  });

  test("runtime keys of the caller win over ours", () => {
    const key = "re2.max_program_size.error_level";
    expect(bootstrap({ ...base, runtime: { [key]: 1 } })).toMatchObject({
      layered_runtime: { layers: [{ static_layer: { [key]: 1 } }, {}] },
    });
  });

  test("an extension's cluster joins ours", () => {
    const made = bootstrap({ ...base, extensions: { static_resources: { clusters: [{ name: "mine" }] } } });
    expect(made).toMatchObject({
      static_resources: { clusters: [{ name: "sluice_xds" }, { name: "mine" }] },
    });
  });
});
