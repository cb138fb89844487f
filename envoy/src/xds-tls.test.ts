import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bootstrap } from "./bootstrap.ts";
import { findEnvoy } from "./find-envoy.ts";
import { validateConfig } from "./validate-config.ts";
import { xdsSecretFiles } from "./xds-tls.ts";

test("Envoy accepts it, with the files that go with it", async () => {
  const sdsFolder = await mkdtemp(join(tmpdir(), "sluice-sds-"));
  onTestFinished(() => rm(sdsFolder, { recursive: true }));
  const xdsTls = { folder: "/etc/sluice/xds", serverName: "sluice-controller.sluice.svc", sdsFolder };
  const files = xdsSecretFiles(xdsTls);
  expect(Object.keys(files)).toEqual(["sluice-xds-certificate.json", "sluice-xds-authority.json"]);
  for (const [name, content] of Object.entries(files))
    await writeFile(join(sdsFolder, name), JSON.stringify(content));
  const made = bootstrap({
    nodeId: "node-1",
    cluster: "shop",
    xdsAddress: "sluice-controller.sluice.svc:15010",
    adminAddress: "127.0.0.1:15000",
    xdsTls,
  });
  const { path } = await findEnvoy();
  expect(await validateConfig(path, made)).toEqual({ ok: true, message: "" });
});
