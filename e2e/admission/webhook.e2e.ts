import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "@sluice/admission/testing";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../cluster/src/objects.ts";
import { requireTools } from "../cluster/src/tools.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { ingressObject } from "../kubernetes/objects.ts";
import { freePort } from "../support/free-port.ts";
import { admissionConfigFlag, writeAdmissionConfig } from "./admission-config.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-webhook-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);
const [port, debugPort] = await Promise.all([freePort(), freePort()]);

beforeAll(writeFiles);
const shared = useCluster({
  controllerManager: false,
  apiServerFlags: [admissionConfigFlag(folder)],
});

async function writeFiles(): Promise<void> {
  const [own, apiServers] = await Promise.all([makeAuthority("webhook"), makeAuthority("API servers")]);
  const server = await own.issue("127.0.0.1");
  writeFileSync(file("webhook.crt"), server.chain);
  writeFileSync(file("webhook.key"), server.key);
  writeFileSync(file("webhook-ca.crt"), own.certificate);
  writeFileSync(file("client-ca.crt"), apiServers.certificate);
  await writeAdmissionConfig(folder, apiServers);
}

const CLI = join(import.meta.dirname, "../../packages/controller/src/cli.ts");
const FLAGS = [
  ...["--admission-address", `127.0.0.1:${port}`],
  ...["--admission-certificate", file("webhook.crt"), "--admission-key", file("webhook.key")],
  ...["--admission-client-ca", file("client-ca.crt")],
];

/** Starts the control plane with the webhook, and tells the API server of it. */
async function start(): Promise<AsyncDisposable> {
  const { cluster } = shared;
  const flags = ["--kube", "--debug-address", `127.0.0.1:${debugPort}`, ...FLAGS];
  const sluice = execa("node", [CLI, "serve", ...flags], {
    env: { KUBECONFIG: cluster.kubeconfig },
    reject: false,
    all: true,
  });
  const ready = async (): Promise<number> => (await fetch(`http://127.0.0.1:${debugPort}/readyz`)).status;
  await expect.poll(() => ready().catch(String), { timeout: 30_000 }).toBe(200);
  return {
    async [Symbol.asyncDispose]() {
      sluice.kill("SIGTERM");
      await sluice;
    },
  };
}

function webhook(url: string, ca: string, failurePolicy: "Ignore" | "Fail"): KubeObject {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "sluice" },
    webhooks: [
      {
        name: "ingress.sluice.dev",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy,
        timeoutSeconds: 5,
        clientConfig: { url, caBundle: Buffer.from(ca).toString("base64") },
        rules: [
          {
            apiGroups: ["networking.k8s.io"],
            apiVersions: ["v1"],
            resources: ["ingresses"],
            operations: ["CREATE", "UPDATE"],
          },
        ],
      },
    ],
    // The fields of a kind that only this test makes.
  } as KubeObject;
}

async function apply(object: object): Promise<string> {
  const kubeconfig = { KUBECONFIG: shared.cluster.kubeconfig };
  const { kubectl } = requireTools();
  const done = await execa(kubectl, ["apply", "-f", "-"], {
    env: kubeconfig,
    input: JSON.stringify(object),
    all: true,
    reject: false,
  });
  return done.all;
}

test("kubectl shows what the gateway thinks of an Ingress; without a gateway it is stored all the same", async () => {
  await using resources = new AsyncDisposableStack();
  const running = resources.use(await start());
  const url = `https://127.0.0.1:${port}/validate`;
  await shared.cluster.api.apply(webhook(url, readFileSync(file("webhook-ca.crt"), "utf8"), "Fail"));
  const bad = ingressObject({
    name: "bad",
    host: "bad.test",
    paths: [{ path: "/", service: "absent" }],
    annotations: { timeout: "soon" },
  });
  // The API server takes up a new webhook after a moment.
  await expect.poll(() => apply(bad), { timeout: 10_000 }).toContain("Warning: ");
  const words = await apply({ ...bad, metadata: { ...bad.metadata, name: "worse" } });
  expect(words).toMatch(/Warning: .*timeout.*"soon".*Expected: .*/);
  expect(words).toContain("Warning: The Service default/absent does not exist");
  expect(words).toContain("Warning: The same host, path and conditions are in the older Ingress default/bad");
  expect(words).toMatch(/ingress.networking.k8s.io\/worse created/);

  await running[Symbol.asyncDispose]();
  expect(await apply(ingressObject({ name: "unjudged", host: "unjudged.test" }))).toMatch(
    /failed calling webhook/,
  );
  await shared.cluster.api.apply(webhook(url, readFileSync(file("webhook-ca.crt"), "utf8"), "Ignore"));
  await expect
    .poll(() => apply(ingressObject({ name: "unjudged", host: "unjudged.test" })), { timeout: 10_000 })
    .toMatch(/unjudged created/);
});

test("nobody without a certificate of the API servers' CA is answered", async () => {
  await using _running = await start();
  const ask = new Promise((resolve, reject) => {
    // What is asked is whether the server takes the client, not the other way round.
    const options = { method: "POST", rejectUnauthorized: false, agent: false };
    request(`https://127.0.0.1:${port}/validate`, options, resolve).on("error", reject).end("{}");
  });
  await expect(ask).rejects.toThrow(/certificate required|ECONNRESET|socket hang up/);
});

test("a webhook without a CA for its clients does not start", async () => {
  const flags = FLAGS.slice(0, 6);
  const { exitCode, stderr } = await execa(
    "node",
    [CLI, "serve", "--kube", "--debug-address", `127.0.0.1:${debugPort}`, ...flags],
    { env: { KUBECONFIG: shared.cluster.kubeconfig }, reject: false },
  );
  expect(exitCode).not.toBe(0);
  expect(String(stderr)).toContain("The admission webhook needs --admission-client-ca.");
});
