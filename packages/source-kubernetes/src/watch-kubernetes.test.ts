import { describe, expect, it } from "vitest";
import { meta, service } from "./testing/objects.ts";
import { sourceBench } from "./testing/use-source.ts";

const SERVICES = "/api/v1/services";

/** A running source whose Services the test answers for, with a first list of some. */
async function withServices(items: readonly object[], version = "10") {
  const bench = await sourceBench();
  const services = bench.api.claim(SERVICES);
  const source = bench.start();
  (await services.next()).list(items, version);
  const watch = await services.next();
  watch.accept();
  await bench.store.whenSynced();
  return { ...bench, asked: services, source, watch };
}

describe("the first list", () => {
  it("comes in pages of 500, reaches the store as one change, and is watched from its version", async () => {
    const { api, store, services, start } = await sourceBench();
    const asked = api.claim(SERVICES);
    const revisions: number[] = [];
    store.onApplied((revision) => revisions.push(revision));
    start();
    const first = await asked.next();
    expect(first.query).toEqual({ limit: "500" });
    first.list([service("a", "1")], "10", "page-2");
    const second = await asked.next();
    expect(second.query).toEqual({ limit: "500", continue: "page-2" });
    expect(store.isSynced()).toBe(false);
    second.list([service("b", "2")], "10");
    await store.whenSynced();
    expect(services()).toBe("a=ClusterIP b=ClusterIP");
    expect(revisions).toEqual([1]);
    const watch = await asked.next();
    expect(watch.query).toMatchObject({ watch: "1", allowWatchBookmarks: "true", resourceVersion: "10" });
    expect(Number(watch.query.timeoutSeconds)).toBeGreaterThan(60);
  });

  it("begins again, in one page, when the server forgets where it was", async () => {
    const { api, store, services, start } = await sourceBench();
    const asked = api.claim(SERVICES);
    start();
    (await asked.next()).list([service("gone", "1")], "10", "page-2");
    (await asked.next()).fail(410);
    const again = await asked.next();
    expect(again.query).toEqual({});
    again.list([service("a", "2")], "20");
    await store.whenSynced();
    expect(services()).toBe("a=ClusterIP");
  });

  it("is waited for, kind by kind, through errors, with growing waits", async () => {
    const { api, store, clock, start, until } = await sourceBench();
    const asked = api.claim(SERVICES);
    const source = start();
    (await asked.next()).fail(500);
    expect(await clock.asleep(150, 150)).toBe(150);
    clock.advance(150);
    (await asked.next()).fail(503, "busy", { "retry-after": "7" });
    await clock.asleep(7_000, 7_000);
    expect(source.missing()).toContain("Service");
    expect(store.isSynced()).toBe(false);
    clock.advance(7_000);
    (await asked.next()).list([], "1");
    await store.whenSynced();
    expect(source.missing()).toEqual([]);
    await until(() => source.status().connected, true);
  });

  it("need not come of kinds that a cluster may be without, but of others", async () => {
    const { api, store, clock, start, until } = await sourceBench();
    const configs = api.claim("/apis/mse.alibabacloud.com/v1alpha1/mseingressconfigs");
    const namespaces = api.claim("/api/v1/namespaces");
    const classes = api.claim("/apis/networking.k8s.io/v1/ingressclasses");
    const source = start();
    (await configs.next()).fail(404);
    (await namespaces.next()).fail(403);
    (await classes.next()).fail(403, "classes are forbidden");
    await clock.asleep(60_000, 60_000);
    await clock.asleep(150, 150, 2);
    clock.advance(3_000);
    (await namespaces.next()).fail(403);
    (await classes.next()).fail(403, "classes are forbidden");
    await until(
      () => source.status().refused.join(),
      "IngressClass: classes are forbidden (403),Namespace: fake error 403 (403)",
    );
    expect(source.missing()).toContain("IngressClass");
    expect(store.isSynced()).toBe(false);
    clock.advance(await clock.asleep(250, 350));
    (await classes.next()).list([], "1");
    await store.whenSynced();
    await until(() => source.status().refused.join(), "Namespace: fake error 403 (403)");
    clock.advance(60_000);
    (await configs.next()).list(
      [{ ...meta("late", "5", { namespace: undefined }), spec: { name: "x" } }],
      "6",
    );
    await configs.next();
  });

  it("asks for some namespaces and labels only, and can then do without the classes", async () => {
    const { api, store, clock, start } = await sourceBench();
    const classes = api.claim("/apis/networking.k8s.io/v1/ingressclasses");
    const source = start({ namespaces: ["b", "a", "b"], labelSelector: "team=web" });
    (await classes.next()).fail(403);
    await clock.asleep(150, 150);
    expect(source.missing()).toContain("IngressClass");
    clock.advance(3_000);
    (await classes.next()).fail(403);
    await store.whenSynced();
    const lists = new Set(api.log.filter((path) => !path.includes("watch=1")).sort());
    expect([...lists]).toEqual([
      "/api/v1/namespaces/a/services?limit=500",
      "/api/v1/namespaces/b/services?limit=500",
      "/api/v1/namespaces?limit=500",
      "/apis/discovery.k8s.io/v1/namespaces/a/endpointslices?limit=500",
      "/apis/discovery.k8s.io/v1/namespaces/b/endpointslices?limit=500",
      "/apis/mse.alibabacloud.com/v1alpha1/mseingressconfigs?limit=500",
      "/apis/networking.k8s.io/v1/ingressclasses?limit=500",
      "/apis/networking.k8s.io/v1/namespaces/a/ingresses?labelSelector=team%3Dweb&limit=500",
      "/apis/networking.k8s.io/v1/namespaces/b/ingresses?labelSelector=team%3Dweb&limit=500",
    ]);
  });
});

describe("the watch", () => {
  it("takes over what is added, modified and deleted, and drops what is held already", async () => {
    const { store, services, watch, until } = await withServices([service("a", "1")]);
    watch.event("ADDED", service("b", "11"));
    await until(services, "a=ClusterIP b=ClusterIP");
    const revision = store.revision();
    watch.event("ADDED", service("b", "11", "the same version again"));
    watch.event("MODIFIED", service("a", "12", "NodePort"));
    await until(services, "a=NodePort b=ClusterIP");
    expect(store.revision()).toBe(revision + 1);
    watch.event("DELETED", service("a", "13"));
    await until(services, "b=ClusterIP");
  });

  it("does not let a late deletion take away a successor of the same name", async () => {
    const { services, watch, until } = await withServices([service("a", "1")]);
    watch.event("ADDED", { ...service("a", "12", "NodePort"), ...meta("a", "12", { uid: "other" }) });
    watch.event("DELETED", service("a", "13"));
    watch.event("ADDED", service("z", "14"));
    await until(services, "a=NodePort z=ClusterIP");
  });

  it("reads events however the stream is cut, also within a character", async () => {
    const { store, watch, until } = await withServices([]);
    const bytes = Buffer.from(
      `${JSON.stringify({ type: "ADDED", object: { ...service("a", "11"), ...meta("a", "11", { annotations: { note: "Grüße" } }) } })}\n`,
    );
    const cut = bytes.indexOf("ü") + 1;
    watch.raw(bytes.subarray(0, cut));
    watch.raw(bytes.subarray(cut, cut + 3));
    watch.raw(bytes.subarray(cut + 3));
    await until(() => store.get("Service", "shop", "a")?.metadata.annotations.note, "Grüße");
  });

  it("goes on at once from the last version, a bookmark's too, when the server ends it", async () => {
    const { asked, watch, services, until } = await withServices([]);
    watch.event("ADDED", service("a", "11"));
    watch.event("BOOKMARK", { metadata: { resourceVersion: "50" } });
    watch.end();
    const next = await asked.next();
    expect(next.query.resourceVersion).toBe("50");
    next.event("ADDED", service("b", "51"));
    await until(services, "a=ClusterIP b=ClusterIP");
  });

  it("goes on from the last whole event when it breaks within one", async () => {
    const { asked, watch, services, until, clock } = await withServices([]);
    watch.event("ADDED", service("a", "11"));
    await until(services, "a=ClusterIP");
    watch.raw('{"type":"ADDED","object":{"metadata":{"name":"b","namesp');
    watch.reset();
    clock.advance(await clock.asleep(100, 400));
    const next = await asked.next();
    expect(next.query.resourceVersion).toBe("11");
    next.event("ADDED", service("b", "12"));
    await until(services, "a=ClusterIP b=ClusterIP");
  });

  it("is not opened in haste when it ends again and again with nothing to tell", async () => {
    const { asked, watch, clock } = await withServices([]);
    watch.end();
    clock.advance(await clock.asleep(150, 150));
    (await asked.next()).end();
    expect(await clock.asleep(300, 300)).toBe(300);
  });

  it("counts as dead after a silence, and goes on", async () => {
    const { api, store, clock, start } = await sourceBench();
    const asked = api.claim(SERVICES);
    const source = start({ timeouts: { answerMs: 5_000, silenceMs: 50 } });
    (await asked.next()).list([], "10");
    const watch = await asked.next();
    watch.accept();
    await watch.closed;
    clock.advance(await clock.asleep(150, 150));
    expect((await asked.next()).query.resourceVersion).toBe("10");
    expect(store.isSynced()).toBe(true);
    expect(source.counters.lists.get("Service")).toBe(1);
  });

  it("passes over a kind of event that is not known, and one bad object harms no other", async () => {
    const { store, watch, services, until } = await withServices([]);
    watch.event("NOVELTY", service("a", "11"));
    watch.event("ADDED", { ...meta("bad", "12"), spec: { ports: "no list" } });
    watch.event("ADDED", service("b", "13"));
    await until(services, "b=ClusterIP");
    expect(store.diagnostics().map(({ code, origin }) => [code, origin?.object.name])).toEqual([
      ["object-invalid", "bad"],
    ]);
    watch.event("MODIFIED", service("bad", "14"));
    await until(services, "b=ClusterIP bad=ClusterIP");
    expect(store.diagnostics()).toEqual([]);
  });
});

describe("410 Gone", () => {
  const goneEvent = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };

  it.each(["as an event", "as an answer"])("%s brings a list that yields only differences", async (how) => {
    const { store, clock, asked, watch, services, until } = await withServices([
      service("same", "1"),
      service("changed", "2"),
      service("gone", "3"),
      { ...service("reborn", "4"), ...meta("reborn", "4", { uid: "old" }) },
    ]);
    const changed: string[] = [];
    store.onApplied((_revision, keys) => changed.push(...keys));
    if (how === "as an event") watch.event("ERROR", goneEvent);
    else {
      watch.event("BOOKMARK", { metadata: { resourceVersion: "11" } });
      watch.end();
      (await asked.next()).fail(410);
    }
    clock.advance(await clock.asleep(100, 200));
    const list = await asked.next();
    expect(list.query).toEqual({ limit: "500" });
    list.list(
      [
        service("same", "1", "not looked at, the version is held"),
        service("changed", "20", "NodePort"),
        service("new", "21"),
        { ...service("reborn", "4", "NodePort"), ...meta("reborn", "4", { uid: "new" }) },
      ],
      "30",
    );
    await until(services, "changed=NodePort new=ClusterIP reborn=NodePort same=ClusterIP");
    expect(changed.map((key) => key.split("/")[2])).toEqual(["changed", "gone", "new", "reborn"]);
    expect((await asked.next()).query.resourceVersion).toBe("30");
  });

  it("is not answered in haste by a server that says it again and again", async () => {
    const { clock, asked, watch } = await withServices([]);
    watch.event("ERROR", goneEvent);
    clock.advance(await clock.asleep(150, 150));
    (await asked.next()).list([], "30");
    (await asked.next()).event("ERROR", goneEvent);
    expect(await clock.asleep(300, 300)).toBe(300);
  });

  it("takes nothing away while the list that follows does not come", async () => {
    const { clock, asked, watch, services, until } = await withServices([service("a", "1")]);
    watch.event("ERROR", goneEvent);
    clock.advance(await clock.asleep(100, 200));
    (await asked.next()).list([], "30", "page-2");
    (await asked.next()).fail(500);
    clock.advance(await clock.asleep(250, 450));
    (await asked.next()).fail(403);
    clock.advance(await clock.asleep(500, 800));
    const list = await asked.next();
    expect(services()).toBe("a=ClusterIP");
    list.list([service("b", "2")], "31");
    await until(services, "b=ClusterIP");
  });
});

describe("an outage", () => {
  it("changes nothing, is told once, and is caught up with afterwards", async () => {
    const { api, clock, asked, services, source, until, logged } = await withServices([service("a", "1")]);
    await api.stop();
    await until(() => source.status().connected, false);
    expect(source.status()).toMatchObject({ since: clock.now() });
    expect(source.status().lastError).toMatch(/\w/);
    await clock.asleep(150, 150);
    clock.advance(60_000);
    await clock.asleep(300, 300);
    expect(services()).toBe("a=ClusterIP");
    await api.start();
    clock.advance(600_000);
    const watch = await asked.next();
    expect(watch.query.resourceVersion).toBe("10");
    watch.event("MODIFIED", service("a", "11", "NodePort"));
    await until(services, "a=NodePort");
    await until(() => source.status().connected, true);
    expect(logged).toEqual([
      "the API server cannot be reached; the gateway goes on with what it knows",
      "the API server is back; nothing was missed",
    ]);
  });
});

describe("the end of the source", () => {
  it("in the middle of an outage is not told as the end of the outage", async () => {
    const { api, source, until, logged } = await withServices([service("a", "1")]);
    await api.stop();
    await until(() => source.status().connected, false);
    await source.close();
    expect(source.status().connected).toBe(false);
    expect(logged).toEqual(["the API server cannot be reached; the gateway goes on with what it knows"]);
  });
});

describe("a refusal", () => {
  it("is believed only if it lasts, since an API server that starts has not read its roles", async () => {
    const { asked, watch, source, clock, until, logged, services } = await withServices([service("a", "1")]);
    watch.event("BOOKMARK", { metadata: { resourceVersion: "20" } });
    watch.end();
    (await asked.next()).fail(403);
    clock.advance(await clock.asleep(100, 200));
    const next = await asked.next();
    expect(next.query.resourceVersion).toBe("20");
    expect(source.status()).toMatchObject({ connected: true, refused: [] });
    next.fail(403, "services are forbidden");
    await clock.asleep(250, 350);
    clock.advance(3_000);
    (await asked.next()).fail(403, "services are forbidden");
    await until(() => source.status().refused.join(), "Service: services are forbidden (403)");
    expect(logged).toEqual(["the API server refuses what the gateway asks for"]);
    clock.advance(await clock.asleep(500, 700));
    const list = await asked.next();
    expect(list.query.watch).toBeUndefined();
    expect(services()).toBe("a=ClusterIP");
    list.list([service("b", "2")], "30");
    await until(services, "b=ClusterIP");
    await until(() => source.status().refused.length, 0);
  });

  it("of a kind that is deleted takes its objects away only if that lasts", async () => {
    const { api, clock, start, store, until } = await sourceBench();
    const configs = api.claim("/apis/mse.alibabacloud.com/v1alpha1/mseingressconfigs");
    start();
    const config = { ...meta("one", "5", { namespace: undefined }), spec: { name: "x" } };
    const names = () =>
      store
        .list("MseIngressConfig")
        .map(({ metadata }) => metadata.name)
        .join();
    (await configs.next()).list([config], "6");
    (await configs.next()).fail(404);
    await store.whenSynced();
    clock.advance(await clock.asleep(3_000, 3_000));
    expect(names()).toBe("one");
    (await configs.next()).list([config], "7");
    const watch = await configs.next();
    clock.advance(60_000);
    watch.accept();
    watch.end();
    await until(names, "one");
    let missing = 0;
    for (; missing < 30_000; missing += 3_000) {
      (await configs.next()).fail(404);
      await clock.asleep(3_000, 3_000);
      expect(names()).toBe("one");
      clock.advance(3_000);
    }
    (await configs.next()).fail(404);
    await until(names, "");
    await clock.asleep(60_000, 60_000);
  });

  it("of a kind that is not there anyway is of no interest", async () => {
    const { api, clock, start, store, logged } = await sourceBench();
    const configs = api.claim("/apis/mse.alibabacloud.com/v1alpha1/mseingressconfigs");
    const source = start();
    (await configs.next()).fail(404);
    await store.whenSynced();
    await clock.asleep(60_000, 60_000);
    clock.advance(60_000);
    (await configs.next()).fail(503);
    await clock.asleep(100, 200);
    expect(source.status().connected).toBe(true);
    expect(logged).toEqual([]);
  });
});

describe("credentials", () => {
  it("are read anew after a 401, and the request goes out once more at once", async () => {
    const { api, store, start } = await sourceBench();
    const { kubeConfigOf } = await import("./testing/fake-api-server.ts");
    const asked = api.claim(SERVICES);
    let readings = 0;
    const server = api.kubeConfig.getCurrentCluster()?.server ?? "";
    start({ kubeConfig: () => kubeConfigOf(server, `token-${++readings}\n`) });
    const first = await asked.next();
    expect(first.headers.authorization).toBe("Bearer token-1");
    first.fail(401);
    const second = await asked.next();
    expect(second.headers.authorization).toBe("Bearer token-2");
    second.list([], "1");
    await store.whenSynced();
  });

  it("that are refused for good are an outage like any other", async () => {
    const { watch, asked, source, clock, until } = await withServices([]);
    watch.reset();
    clock.advance(await clock.asleep(150, 150));
    (await asked.next()).fail(401, "expired");
    (await asked.next()).fail(401, "expired");
    await clock.asleep(300, 300);
    await until(() => source.status().connected, false);
    expect(source.status().refused).toEqual([]);
  });
});
