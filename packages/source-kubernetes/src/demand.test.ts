import type { Store } from "@sluice/store";
import { cell } from "@sluice/store";
import { describe, expect, it } from "vitest";
import { ingress, meta, secret } from "./testing/objects.ts";
import { sourceBench } from "./testing/use-source.ts";

const INGRESSES = "/apis/networking.k8s.io/v1/ingresses";
const SECRETS = "/api/v1/namespaces/shop/secrets";

/** Reads the Secret of each Ingress, as translation does. */
function readSecrets(store: Store): void {
  store.graph.effect(() => {
    for (const { spec } of store.list("Ingress"))
      for (const { secretName = "" } of spec.tls) store.get("Secret", "shop", secretName);
  });
}

const value = (store: Store, name = "cert") => {
  const bytes = store.get("Secret", "shop", name)?.data.value;
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
};

/** A source that has an Ingress with a Secret, for which the test answers. */
async function withSecret() {
  const bench = await sourceBench();
  const ingresses = bench.api.claim(INGRESSES);
  const watches = bench.api.claim(SECRETS);
  const gets = bench.api.claim(`${SECRETS}/cert`);
  readSecrets(bench.store);
  const source = bench.start();
  (await ingresses.next()).list([ingress("web", "1", "cert")], "10");
  const ingressWatch = await ingresses.next();
  return { ...bench, source, ingressWatch, watches, gets };
}

describe("a Secret that is read", () => {
  it("is watched by its name, and its absence told by a GET; the source waits for the answer", async () => {
    const { api, store, watches, gets, until } = await withSecret();
    const watch = await watches.next();
    expect(watch.query).toMatchObject({ watch: "1", fieldSelector: "metadata.name=cert" });
    expect(watch.query.resourceVersion).toBeUndefined();
    watch.accept();
    const get = await gets.next();
    expect(store.isSynced()).toBe(false);
    get.fail(404);
    await store.whenSynced();
    watch.event("ADDED", secret("cert", "11", "first"));
    await until(() => value(store), "first");
    watch.event("MODIFIED", secret("cert", "12", "second"));
    await until(() => value(store), "second");
    watch.event("DELETED", secret("cert", "13"));
    await until(() => value(store), undefined);
    expect(api.log.filter((path) => path.includes("/secrets") && !path.includes("cert"))).toEqual([]);
  });

  it("is in the store when the source is synced, from the watch or from the GET, whichever is first", async () => {
    for (const first of ["watch", "get"]) {
      const { store, watches, gets } = await withSecret();
      const watch = await watches.next();
      watch.accept();
      const get = await gets.next();
      if (first === "watch") watch.event("ADDED", secret("cert", "5", first));
      else get.json(secret("cert", "5", first));
      await store.whenSynced();
      expect(value(store)).toBe(first);
    }
  });

  it("is what the watch says, when the GET tells of an older state later", async () => {
    const { store, watches, gets, until } = await withSecret();
    const watch = await watches.next();
    watch.accept();
    const get = await gets.next();
    watch.event("ADDED", secret("cert", "5", "new"));
    await until(() => value(store), "new");
    get.fail(404);
    watch.event("MODIFIED", secret("cert", "6", "newer"));
    await until(() => value(store), "newer");
  });

  it("is back after an outage as soon as its watch tells of it, though its GET is answered later", async () => {
    const { store, clock, source, watches, gets, until } = await withSecret();
    (await watches.next()).fail(503);
    await until(() => source.status().connected, false);
    clock.advance(await clock.asleep(300, 400));
    const watch = await watches.next();
    watch.accept();
    const get = await gets.next();
    watch.event("ADDED", secret("cert", "5", "new"));
    await until(() => value(store), "new");
    get.json(secret("cert", "5", "new"));
    await until(() => source.status().connected, true);
  });

  it("goes on from the last version when its watch ends, and from the start after a 410", async () => {
    const { store, clock, watches, gets, until } = await withSecret();
    const watch = await watches.next();
    watch.event("ADDED", secret("cert", "5", "one"));
    (await gets.next()).json(secret("cert", "5", "one"));
    watch.event("BOOKMARK", { metadata: { resourceVersion: "20" } });
    await until(() => value(store), "one");
    watch.end();
    const next = await watches.next();
    expect(next.query.resourceVersion).toBe("20");
    next.event("ERROR", { code: 410, message: "too old" });
    clock.advance(await clock.asleep(300, 400));
    const anew = await watches.next();
    expect(anew.query.resourceVersion).toBeUndefined();
    anew.accept();
    (await gets.next()).fail(404);
    await until(() => value(store), undefined);
  });

  it("is asked for again when its GET fails, though the watch is open", async () => {
    const { store, clock, watches, gets } = await withSecret();
    const watch = await watches.next();
    watch.accept();
    (await gets.next()).fail(500);
    await watch.closed;
    clock.advance(await clock.asleep(300, 400));
    (await watches.next()).accept();
    expect(store.isSynced()).toBe(false);
    (await gets.next()).json(secret("cert", "5"));
    await store.whenSynced();
    expect(value(store)).toBe("secret");
  });

  it("is asked for again and again where it must not be watched", async () => {
    const { store, clock, watches, gets, until } = await withSecret();
    (await watches.next()).fail(403);
    (await gets.next()).json(secret("cert", "5", "one"));
    await store.whenSynced();
    for (const wait of [375, 750, 1_500]) {
      clock.advance(await clock.asleep(wait, wait));
      (await watches.next()).fail(403);
      (await gets.next()).json(secret("cert", `${wait}`, `after ${wait}`));
      await until(() => value(store), `after ${wait}`);
    }
  });

  it("is given up for the moment where it must not be read, but not at the first refusal", async () => {
    const { store, source, clock, watches, gets, until } = await withSecret();
    (await watches.next()).fail(403);
    (await gets.next()).fail(403, "secrets are forbidden");
    await clock.asleep(375, 375);
    expect(store.isSynced()).toBe(false);
    clock.advance(3_000);
    (await watches.next()).fail(403);
    (await gets.next()).fail(403, "secrets are forbidden");
    await store.whenSynced();
    await until(() => source.status().refused[0], "Secret shop/cert: secrets are forbidden (403)");
  });

  it("leaves the store, and is watched no more, when nobody reads it", async () => {
    const { store, ingressWatch, watches, gets, until } = await withSecret();
    const watch = await watches.next();
    watch.event("ADDED", secret("cert", "5"));
    (await gets.next()).json(secret("cert", "5"));
    await store.whenSynced();
    ingressWatch.event("MODIFIED", ingress("web", "11", "other"));
    await watch.closed;
    await until(() => store.keys("Secret").current().size + (value(store) === undefined ? 0 : 1), 0);
  });

  it("keeps nothing of its last manifest, which kubectl leaves behind", async () => {
    const { store, watches } = await withSecret();
    const manifest = { "kubectl.kubernetes.io/last-applied-configuration": "c2VjcmV0" };
    const watch = await watches.next();
    watch.event("ADDED", { ...secret("cert", "5"), ...meta("cert", "5", { annotations: manifest }) });
    await store.whenSynced();
    expect(store.get("Secret", "shop", "cert")?.metadata.annotations).toEqual({});
  });
});

it("asks nothing for a name that cannot be one", async () => {
  const { api, store, start } = await sourceBench();
  for (const name of ["../pods", "a/b", "", "UPPER"])
    store.graph.effect(() => void store.get("Secret", "shop", name));
  store.graph.effect(() => void store.get("ConfigMap", "no/namespace", "a"));
  start();
  await store.whenSynced();
  expect(api.log.filter((path) => /secrets|configmaps|pods/.test(path))).toEqual([]);
});

it("asks readers to wait for what they have just begun to read, but not for long", async () => {
  const { api, store, clock, start, until } = await sourceBench();
  const source = start();
  await store.whenSynced();
  expect(source.isPending()).toBe(false);
  const gets = api.claim(`${SECRETS}/cert`);
  const answers = cell(0);
  source.onAnswer(() => answers.set(answers.get() + 1));
  store.graph.effect(() => void store.get("Secret", "shop", "cert"));
  expect(source.isPending()).toBe(true);
  (await gets.next()).fail(404);
  await until(answers.get, 1);
  expect(source.isPending()).toBe(false);

  const slow = api.claim(`${SECRETS}/slow`);
  store.graph.effect(() => void store.get("Secret", "shop", "slow"));
  const asked = await slow.next();
  clock.advance(2_000);
  expect(source.isPending()).toBe(false);
  await until(answers.get, 2);
  asked.fail(404);
  await until(answers.get, 3);
});

it("reads the labels of a namespace's pods, metadata only, as long as one of them is read", async () => {
  const { api, store, start, until } = await sourceBench();
  const pods = api.claim("/api/v1/namespaces/shop/pods");
  start();
  await store.whenSynced();
  const stops = ["a", "b"].map((name) => store.graph.effect(() => void store.get("Pod", "shop", name)));
  const list = await pods.next();
  expect(list.headers.accept).toBe("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  const item = {
    apiVersion: "meta.k8s.io/v1",
    kind: "PartialObjectMetadata",
    ...meta("a", "1", { labels: { v: "1" } }),
  };
  list.list([item], "10");
  await until(() => store.get("Pod", "shop", "a")?.metadata.labels.v, "1");
  const watch = await pods.next();
  expect(watch.headers.accept).toBe(list.headers.accept);
  watch.event("ADDED", { ...item, ...meta("b", "11", { labels: { v: "2" } }) });
  await until(() => store.get("Pod", "shop", "b")?.metadata.labels.v, "2");
  stops[0]?.();
  expect(store.keys("Pod").current().size).toBe(2);
  stops[1]?.();
  await watch.closed;
  await until(() => store.list("Pod").length, 0);
});
