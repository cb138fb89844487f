import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Relay, startRelay } from "../cluster/src/relay.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { testCertificate } from "../support/certificate.ts";
import { handshake } from "../support/handshake.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { requestsOf } from "./audit.ts";
import { backend, gatewayRole, ingressObject, secretObject, slice } from "./objects.ts";

/** The API server's objects through the gateway: what is applied with a client of its own is live in Envoy. */

const ACCOUNT = "sluice";
const shared = useCluster({ audit: true, controllerManager: false });
let a: EchoBackend;
let b: EchoBackend;
let relay: Relay;
let kubeconfig: string;
let gateway: TestGateway;

beforeAll(async () => {
  const { cluster } = shared;
  // The API server takes no loopback address for an endpoint.
  a = await startEcho({ name: "a", host: "10.244.9.1" });
  b = await startEcho({ name: "b", host: "10.244.9.2" });
  await cluster.api.apply(...gatewayRole(ACCOUNT), ...backend("web", a));
  await cluster.api.apply(ingressObject({ name: "first", host: "first.example", paths: pathsTo("web") }));
  await cluster.api.apply(secretObject("unreferenced", await testCertificate("unreferenced.example")));
  await cluster.api.apply(secretObject("first", await testCertificate("tls.example")));
  await cluster.api.apply(
    ingressObject({
      name: "tls",
      host: "tls.example",
      paths: pathsTo("web"),
      tls: [{ hosts: ["tls.example"], secretName: "first" }],
    }),
  );
  relay = await startRelay({ port: 0 }, { port: Number(new URL(cluster.server).port) });
  kubeconfig = await throughRelay(relay.port);
  gateway = await startTestGateway({ settings: { kube: true, kubeconfig } });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  relay?.close();
  await Promise.all([a?.kill(), b?.kill()]);
});

/** A kubeconfig of the gateway's ServiceAccount that leads through the relay, so that the connection can be cut. */
async function throughRelay(port: number): Promise<string> {
  const { cluster } = shared;
  const own = await cluster.kubeconfigFor({ serviceAccount: ACCOUNT, namespace: "default" });
  const path = join(cluster.folder, "relayed.json");
  writeFileSync(path, readFileSync(own, "utf8").replaceAll(cluster.server, `https://127.0.0.1:${port}`));
  return path;
}

function pathsTo(service: string): { path: string; service: string }[] {
  return [{ path: "/", service }];
}

/** Resolves when `check` holds, which is asked whenever the store has changed and Envoy has all of it. */
async function untilLive(check: () => Promise<boolean> | boolean): Promise<void> {
  for (;;) {
    const changed = Promise.withResolvers<void>();
    const stop = gateway.gateway.store.onApplied(() => changed.resolve());
    await gateway.idle();
    if (await check()) return stop();
    await changed.promise;
    stop();
  }
}

/** Name of the backend that answers for a host, or the status where none does. */
async function who(host: string): Promise<string | number> {
  const { headers, status } = await gateway.request({ host });
  return typeof headers["x-echo-backend"] === "string" ? headers["x-echo-backend"] : status;
}

async function untilWho(host: string, expected: string | number): Promise<void> {
  await untilLive(async () => (await who(host)) === expected);
}

/** Resolves when a recorded read of the source's status holds. */
function untilStatus(connected: boolean): Promise<void> {
  const { store, kubernetes } = gateway.gateway;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = store.graph.effect(() => {
    if (kubernetes?.status().connected === connected) resolve();
  });
  return promise.finally(stop);
}

describe("what is there when the gateway starts", () => {
  test("is served from the start, its certificates too", async () => {
    expect(await who("first.example")).toBe("a");
    expect((await handshake(gateway.httpsPort, "tls.example")).name).toBe("tls.example");
  });
});

describe("a change", () => {
  test("of an Ingress is live, and its removal too", async () => {
    const { api } = shared.cluster;
    await api.apply(...backend("other", b));
    const second = { name: "second", host: "second.example" };
    await api.apply(ingressObject({ ...second, paths: pathsTo("web") }));
    await untilWho("second.example", "a");
    await api.apply(ingressObject({ ...second, paths: pathsTo("other") }));
    await untilWho("second.example", "b");
    await api.remove(ingressObject(second));
    await untilWho("second.example", 404);
    expect(await who("first.example")).toBe("a");
  });

  test("of an EndpointSlice is live", async () => {
    await shared.cluster.api.apply(slice("web", b));
    await untilWho("first.example", "b");
    await shared.cluster.api.apply(slice("web", a));
    await untilWho("first.example", "a");
  });

  test("of a Secret is live", async () => {
    const before = await handshake(gateway.httpsPort, "tls.example");
    await shared.cluster.api.apply(secretObject("first", await testCertificate("tls.example")));
    await untilLive(
      async () => (await handshake(gateway.httpsPort, "tls.example")).fingerprint !== before.fingerprint,
    );
    expect((await handshake(gateway.httpsPort, "tls.example")).name).toBe("tls.example");
  });

  test("from one Secret to another, not read before, shows no other certificate in between", async () => {
    const { api } = shared.cluster;
    const chain = await testCertificate("tls.example");
    await api.apply(secretObject("second", chain));
    const seen = new Set<string>();
    const before = (await handshake(gateway.httpsPort, "tls.example")).fingerprint;
    const moved = api.apply(
      ingressObject({
        name: "tls",
        host: "tls.example",
        paths: pathsTo("web"),
        tls: [{ hosts: ["tls.example"], secretName: "second" }],
      }),
    );
    let last = before;
    while (last === before) {
      const { name, fingerprint } = await handshake(gateway.httpsPort, "tls.example");
      seen.add(name);
      last = fingerprint;
    }
    await moved;
    expect([...seen]).toEqual(["tls.example"]);
  });
});

describe("Secrets", () => {
  test("are asked for by name alone, and only those that are referred to", async () => {
    const { folder, api } = shared.cluster;
    const requests = requestsOf(folder, ACCOUNT).filter(({ objectRef }) => objectRef?.resource === "secrets");
    const asked = new Set(requests.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`));
    expect([...asked].sort()).toEqual(["get first", "get second", "watch first", "watch second"]);
    expect(requests.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
    // It is there, and would be found.
    await api.get("/api/v1/namespaces/default/secrets/unreferenced");
  });

  test("nothing that the gateway asks for is refused by a role that grants no more than its documentation says", () => {
    expect(gateway.gateway.kubernetes?.status().refused).toEqual([]);
    const refused = requestsOf(shared.cluster.folder, ACCOUNT).filter(
      ({ responseStatus }) => responseStatus?.code === 403,
    );
    expect(refused.map(({ requestURI }) => requestURI)).toEqual([]);
  });
});

describe("an outage of the API server", () => {
  test("changes nothing that is served, is told of, and is caught up with", async () => {
    const { api, apiServer } = shared.cluster;
    const revision = gateway.gateway.store.revision();
    await apiServer.kill();
    await untilStatus(false);
    expect(await who("first.example")).toBe("a");
    expect((await handshake(gateway.httpsPort, "tls.example")).name).toBe("tls.example");
    await apiServer.start();
    await api.apply(ingressObject({ name: "after", host: "after.example", paths: pathsTo("web") }));
    await untilStatus(true);
    await untilWho("after.example", "a");
    expect(await who("first.example")).toBe("a");
    expect(gateway.gateway.store.revision()).toBeGreaterThan(revision);
  });

  test("after which etcd has forgotten the point to go on from brings exactly the differences", async () => {
    const { api, apiServer, compact } = shared.cluster;
    const lists = (): number => gateway.gateway.kubernetes?.counters.lists.get("Ingress") ?? 0;
    const before = lists();
    relay.close();
    await untilStatus(false);
    await api.apply(ingressObject({ name: "unseen", host: "unseen.example", paths: pathsTo("other") }));
    await api.remove(ingressObject({ name: "after", host: "after.example" }));
    await apiServer.stop();
    await compact();
    await apiServer.start();
    expect(await who("after.example")).toBe("a");
    const changed: string[] = [];
    const stop = gateway.gateway.store.onApplied((_revision, keys) => changed.push(...keys));
    relay = await startRelay({ port: relay.port }, { port: Number(new URL(shared.cluster.server).port) });
    await untilWho("unseen.example", "b");
    await untilWho("after.example", 404);
    await untilStatus(true);
    stop();
    expect(lists()).toBe(before + 1);
    expect(changed.filter((key) => key.startsWith("Ingress/")).sort()).toEqual([
      "Ingress/default/after",
      "Ingress/default/unseen",
    ]);
    expect((await handshake(gateway.httpsPort, "tls.example")).name).toBe("tls.example");
  });
});

describe("2,000 Ingresses", () => {
  const COUNT = 2_000;

  test("come in pages of 500, before anything is served", async () => {
    const { api, folder } = shared.cluster;
    const names = Array.from({ length: COUNT }, (_, at) => `many-${at}`);
    const path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
    while (names.length > 0) {
      const batch = names.splice(0, 20);
      await Promise.all(
        batch.map((name) =>
          api.send("POST", path, {
            body: ingressObject({ name, host: `${name}.example`, paths: pathsTo("web") }),
          }),
        ),
      );
    }
    await untilWho(`many-${COUNT - 1}.example`, "a");
    await using late = await startTestGateway({ settings: { kube: true, kubeconfig } });
    expect(late.gateway.store.isSynced()).toBe(true);
    expect((await late.request({ host: `many-${COUNT - 1}.example` })).headers["x-echo-backend"]).toBe("a");
    const pages = requestsOf(folder, ACCOUNT).filter(
      ({ verb, requestURI }) =>
        verb === "list" && requestURI.includes("/ingresses?") && requestURI.includes("continue="),
    );
    expect(pages).toHaveLength(4);
  });
});
