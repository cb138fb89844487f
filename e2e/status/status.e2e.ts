import { join } from "node:path";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../cluster/src/objects.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { backend, gatewayRole, ingressObject } from "../kubernetes/objects.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** What a user sees with kubectl of what the gateway does with an Ingress. */

const shared = useCluster({ controllerManager: false });
let echo: EchoBackend;
let gateway: TestGateway;

interface Ingress extends KubeObject {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly object[] } };
}

beforeAll(async () => {
  const { cluster } = shared;
  echo = await startEcho({ name: "echo", host: "10.244.9.1" });
  await cluster.api.apply(...gatewayRole("sluice"), ...backend("web", echo));
  const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace: "default" });
  gateway = await startTestGateway({
    settings: { kube: true, kubeconfig, publishStatusAddress: ["192.0.2.7", "lb.example"] },
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.kill();
});

/** The Ingress as soon as it is as it should be. */
async function until(name: string, check: (ingress: Ingress) => boolean): Promise<Ingress> {
  const watch = `/apis/networking.k8s.io/v1/namespaces/default/ingresses?watch=1&fieldSelector=metadata.name=${name}`;
  for await (const event of shared.cluster.api.watch<Ingress>(watch))
    if (event.type !== "ERROR" && check(event.object)) return event.object;
  throw new Error("the watch has ended");
}

function live({ metadata }: Ingress): string | undefined {
  return metadata.annotations?.["sluice.dev/live"];
}

test("an Ingress that is applied says that it is live, and where, and kubectl describe shows the Event", async () => {
  const { cluster } = shared;
  await cluster.api.apply(
    ingressObject({ name: "first", host: "first.example", paths: [{ path: "/", service: "web" }] }),
  );
  const ingress = await until("first", (one) => live(one) === "1 on 1 of 1");
  expect(ingress.status?.loadBalancer?.ingress).toEqual([{ ip: "192.0.2.7" }, { hostname: "lb.example" }]);
  expect((await gateway.request({ host: "first.example" })).status).toBe(200);
  await expect
    .poll(() => cluster.kubectl(["describe", "ingress", "first"]), { timeout: 20_000 })
    .toMatch(
      /Normal +Live +\S+ +sluice.dev\/controller +Generation 1 \(revision [0-9a-f]{12}\) is live on the only node\./,
    );
});

const paths = [{ path: "/", service: "web" }];

function sluiceWait(name: string, timeout: string) {
  const cli = join(import.meta.dirname, "../../packages/controller/src/cli.ts");
  const flags = ["--timeout", timeout, "--kubeconfig", shared.cluster.kubeconfig, "--format", "json"];
  return execa("node", [cli, "wait", "ingress", name, ...flags], { reject: false });
}

test("a change of annotations alone is waited for, and is live when the wait ends", async () => {
  const { cluster } = shared;
  const annotations = { "rewrite-target": "/rewritten" };
  await cluster.api.apply(ingressObject({ name: "first", host: "first.example", paths, annotations }));
  const { exitCode, stdout } = await sluiceWait("first", "60s");
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    namespace: "default",
    outcome: "live",
    generation: 1,
    live: "1 on 1 of 1",
  });
  const answer = await gateway.request({ host: "first.example" });
  expect(JSON.parse(answer.body)).toMatchObject({ path: "/rewritten" });
});

test("a bad annotation becomes an Event with key, value and what was expected, and touches no other Ingress", async () => {
  const { cluster } = shared;
  const before = await until("first", (one) => live(one) === "1 on 1 of 1");
  const annotations = { timeout: "soon" };
  await cluster.api.apply(ingressObject({ name: "bad", host: "bad.example", paths, annotations }));
  await until("bad", (one) => live(one) === "1 on 1 of 1");
  await expect
    .poll(() => cluster.kubectl(["describe", "ingress", "bad"]), { timeout: 20_000 })
    .toMatch(/Warning +AnnotationValue .*mse\.ingress\.kubernetes\.io\/timeout.*soon/);
  const after = await until("first", () => true);
  expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
});

test("addresses that another controller wrote stay, and the Ingress says so", async () => {
  const { cluster } = shared;
  const path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses/foreign/status?fieldManager=other";
  const body = { status: { loadBalancer: { ingress: [{ ip: "198.51.100.1" }] } } };
  await cluster.api.apply(
    ingressObject({ name: "foreign", host: "foreign.example", paths, ingressClass: "other" }),
  );
  await cluster.api.send("PATCH", path, { body, contentType: "application/merge-patch+json" });
  await cluster.api.apply(ingressObject({ name: "foreign", host: "foreign.example", paths }));
  const ingress = await until("foreign", (one) => live(one)?.endsWith("on 1 of 1") ?? false);
  expect(ingress.status?.loadBalancer?.ingress).toEqual([{ ip: "198.51.100.1" }]);
  await expect
    .poll(() => cluster.kubectl(["describe", "ingress", "foreign"]), { timeout: 20_000 })
    .toMatch(/Warning +AddressNotPublished .*written by other/);
});

test("an Ingress whose class changes away loses what was written on it", async () => {
  const { cluster } = shared;
  await cluster.api.apply(
    ingressObject({ name: "first", host: "first.example", paths, ingressClass: "other" }),
  );
  const ingress = await until("first", (one) => live(one) === undefined);
  expect(ingress.metadata.annotations ?? {}).not.toHaveProperty("sluice.dev/live-revision");
  expect(ingress.status?.loadBalancer?.ingress).toBeUndefined();
  const { exitCode, stdout } = await sluiceWait("first", "5s");
  expect([exitCode, stdout]).toEqual([1, expect.stringContaining('"ingressClass": "other"')]);
});

test("while one of two Envoys does not answer, a change is live on 1 of 2, and the wait says which lacks it", async () => {
  const { cluster } = shared;
  const second = await gateway.addEnvoy("e2e-second");
  await until("bad", (one) => live(one) === "1 on 2 of 2");
  process.kill(second.pid, "SIGSTOP");
  try {
    await cluster.api.apply(ingressObject({ name: "late", host: "late.example", paths }));
    const { exitCode, stdout } = await sluiceWait("late", "25s");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: "not-live",
      live: "1 on 1 of 2",
      reasons: [expect.stringMatching(/^node e2e-second has not accepted http/)],
    });
  } finally {
    process.kill(second.pid, "SIGCONT");
  }
  expect((await sluiceWait("late", "60s")).exitCode).toBe(0);
});
