import { beforeAll, expect, test } from "vitest";
import { bootstrap } from "./bootstrap.ts";
import { findEnvoy } from "./find-envoy.ts";
import { probeListener } from "./probe-listener.ts";
import { validateConfig } from "./validate-config.ts";

let envoy: string;
beforeAll(async () => {
  envoy = (await findEnvoy()).path;
}, 120_000);

test.each(["127.0.0.1:15000", "unix:/tmp/sluice-admin.sock"])(
  "Envoy accepts it with an admin interface at %s",
  async (adminAddress) => {
    const made = bootstrap({
      nodeId: "node-1",
      cluster: "sluice",
      xdsAddress: "127.0.0.1:15010",
      adminAddress,
      extensions: probeListener({ adminAddress }),
    });
    expect(await validateConfig(envoy, made)).toEqual({ ok: true, message: "" });
  },
);
