import { ingressRevision } from "@sluice/kubernetes-objects";
import { fakeClock } from "@sluice/source-kubernetes/testing";
import { expect, test } from "vitest";
import { fakeApi, settled } from "./testing/fake-api.ts";
import { waitForIngress } from "./wait-for-ingress.ts";

const PATH = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web";
const EVENTS = "/api/v1/namespaces/shop/events";

function bench() {
  const api = fakeApi();
  const end = new AbortController();
  const put = (annotations: Record<string, string>) =>
    api.put(PATH, { metadata: { uid: "u", generation: 2, annotations }, spec: {} });
  const revision = (annotations: Record<string, string> = {}) =>
    ingressRevision({ metadata: { uid: "u", annotations }, spec: {} });
  return {
    api,
    put,
    revision,
    /** What the gateway writes of this form. */
    says: (live: string, of = revision(), more: Record<string, string> = {}) =>
      put({ "sluice.dev/live": live, "sluice.dev/live-revision": of, ...more }),
    wait: () =>
      waitForIngress({
        api,
        clock: fakeClock(),
        random: () => 0,
        namespace: "shop",
        name: "web",
        signal: end.signal,
      }),
    giveUp: () => end.abort(),
  };
}

test("a wait ends when the gateway says that all nodes have the present form, not an earlier one", async () => {
  const { put, says, wait, revision } = bench();
  says("2 on 1 of 1");
  const changed = { "mse.ingress.kubernetes.io/timeout": "5" };
  put(changed);
  const waiting = wait();
  await settled();
  const stale = { "sluice.dev/live": "2 on 1 of 1", "sluice.dev/live-revision": revision() };
  put({ ...changed, ...stale });
  await settled();
  put({ ...changed, "sluice.dev/live": "2 on 1 of 2", "sluice.dev/live-revision": revision(changed) });
  await settled();
  put({ ...changed, "sluice.dev/live": "2 on 2 of 2", "sluice.dev/live-revision": revision(changed) });
  expect(await waiting).toEqual({
    outcome: "live",
    generation: 2,
    revision: revision(changed),
    live: "2 on 2 of 2",
    reasons: [],
  });
});

test("one that is given up says why, as the Ingress does, without any Event", async () => {
  const { says, wait, giveUp, revision } = bench();
  says("2 on 1 of 2", revision(), { "sluice.dev/live-reason": "node b has not accepted x." });
  const waiting = wait();
  await settled();
  giveUp();
  expect(await waiting).toMatchObject({
    outcome: "not-live",
    live: "2 on 1 of 2",
    reasons: ["node b has not accepted x."],
  });
});

test("where the Ingress says nothing of this form, Events are asked: those of it, or else other warnings", async () => {
  const { api, put, says, wait, giveUp, revision } = bench();
  says("2 on 1 of 2", "another", { "sluice.dev/live-reason": "of another form" });
  const event = (name: string, reason: string, message: string) =>
    api.put(`${EVENTS}/${name}`, { metadata: {}, type: "Warning", reason, message });
  event("a", "AnnotationValue", "The value soon cannot be used.");
  event("b", "NotLive", "Generation 1 (revision other) is live on 0 of 1 nodes.");
  giveUp();
  put({});
  await expect(wait()).rejects.toThrow("has not answered");
  const second = bench();
  second.api.put(`${EVENTS}/a`, { metadata: {}, type: "Warning", reason: "Other", message: "else" });
  second.api.put(`${EVENTS}/b`, {
    metadata: {},
    type: "Warning",
    reason: "NotLive",
    message: `of (revision ${revision()})`,
  });
  second.put({});
  const waiting = second.wait();
  await settled();
  second.giveUp();
  expect(await waiting).toMatchObject({ outcome: "not-live", reasons: [`of (revision ${revision()})`] });
});

test("an Ingress that is deleted, or is not there, ends the wait", async () => {
  const { api, put, wait } = bench();
  put({});
  const waiting = wait();
  await settled();
  api.remove(PATH);
  expect(await waiting).toMatchObject({ outcome: "deleted" });
  await expect(bench().wait()).rejects.toMatchObject({ status: 404 });
});
