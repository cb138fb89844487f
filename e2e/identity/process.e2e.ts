import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEcho } from "@sluice/echo-backend";
import { findEnvoy } from "@sluice/envoy";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { useCluster } from "../cluster/use-cluster.ts";
import { backend, gatewayRole, ingressObject } from "../kubernetes/objects.ts";
import { freePort } from "../support/free-port.ts";
import { authorityRole, Replicas } from "./replicas.ts";
import { SERVER_NAME } from "./rig.ts";
import { writeSecretVolume } from "./secret-volume.ts";

const shared = useCluster({ controllerManager: false });
const CLI = join(import.meta.dirname, "../../packages/controller/src/cli.ts");

test("sluice serve makes the authority once it may, and an Envoy with the files of sluice bootstrap serves an Ingress", async () => {
  const { cluster } = shared;
  const folder = mkdtempSync(join(tmpdir(), "sluice-mtls-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const echo = await startEcho({ name: "web", host: "10.244.9.1" });
  onTestFinished(() => echo.kill());
  await cluster.api.apply(...gatewayRole("sluice"), ...backend("web", echo));
  await cluster.api.apply(
    ingressObject({ name: "web", host: "web.example", paths: [{ path: "/", service: "web" }] }),
  );
  // Another process of the same authority, which plays whoever writes the Secrets of gateways.
  await using replicas = await Replicas.of(cluster, "sluice");

  const [xds, debug, http, https, admin] = await Promise.all(Array.from({ length: 5 }, freePort));
  const serve = execa(
    "node",
    [
      ...[CLI, "serve", "--kube", "--watch-namespace", "default", "--namespace", "sluice"],
      ...["--xds-tls-address", `127.0.0.1:${xds}`, "--debug-address", `127.0.0.1:${debug}`],
      ...["--http-port", `${http}`, "--https-port", `${https}`],
    ],
    {
      env: { KUBECONFIG: await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace: "default" }) },
      reject: false,
      all: true,
    },
  );
  onTestFinished(() => void serve.kill("SIGKILL"));
  const ready = async () => {
    const response = await fetch(`http://127.0.0.1:${debug}/readyz?verbose`);
    return `${response.status} ${await response.text()}`;
  };
  const pollReady = () => expect.poll(() => ready().catch(String), { timeout: 60_000 });
  await pollReady().toMatch(
    /^503 [\s\S]*\[\+\] kubernetes: ok\n[\s\S]*\[-\] xds-tls: .*; grant the verb create on secrets, and get, watch and update on the secret sluice-xds-ca, in namespace sluice\n/,
  );
  await cluster.api.apply(...authorityRole("sluice", "default"));
  await pollReady().toMatch(/^200 [\s\S]*\[\+\] xds-tls: ok\n/);

  const { bundle, certificate, key } = await replicas.start().identity.issueGatewayCertificate("sluice");
  const certificates = join(folder, "certificates");
  await writeSecretVolume(certificates, { "tls.crt": certificate, "tls.key": key, "ca.crt": bundle });
  const bootstrap = join(folder, "envoy.yaml");
  await execa("node", [
    ...[CLI, "bootstrap", "--xds-address", `127.0.0.1:${xds}`, "--xds-server-name", SERVER_NAME],
    ...["--xds-tls-folder", certificates, "--admin-address", `127.0.0.1:${admin}`, "--output", bootstrap],
  ]);
  const { path } = await findEnvoy({ onProgress: () => {} });
  const flags = ["--config-path", bootstrap, "--use-dynamic-base-id", "--concurrency", "1"];
  const envoy = execa(path, [...flags, "--log-level", "warning"], { reject: false });
  onTestFinished(async () => {
    envoy.kill("SIGTERM");
    await envoy;
  });
  const curl = ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"];
  const curled = async () =>
    (
      await execa("curl", [...curl, "--header", "Host: web.example", `http://127.0.0.1:${http}/`], {
        reject: false,
      })
    ).stdout;
  await expect.poll(curled, { timeout: 60_000 }).toBe("200");

  serve.kill("SIGTERM");
  const { all, exitCode } = await serve;
  expect(exitCode).toBe(0);
  expect(all).toContain("a certificate authority for xDS was made");
  expect(all).not.toContain("PRIVATE KEY");
});
