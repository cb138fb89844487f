import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Part } from "../cluster/src/part.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { gatewayRole } from "../kubernetes/objects.ts";
import { countAnswers, expectShare } from "../support/shares.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { approve, untilLive, untilPaused, untilRollout } from "./follow.ts";
import { APP, application, byHeader, byQuery, HOST, ingress, rollout, type Step } from "./objects.ts";
import { startKruise } from "./start-kruise.ts";
import { startTraffic } from "./traffic.ts";

/**
 * Kruise Rollouts as a user has it: its real controller moves a Deployment to a new version through an Ingress of our
 * class, while requests go on. What its script for MSE Ingress does oddly is part of the proof.
 */

const ACCOUNT = "sluice";
const PER_SECOND = 100;
/** Of each kind, in each step. */
const ENOUGH = 50;
const FEW = 2_000;

const KINDS = {
  plain: {},
  header: { headers: { "x-canary": "beta" } },
  cookie: { headers: { cookie: "tester=always" } },
  query: { path: "/?canary=1" },
};

const shared = useCluster();
let gateway: TestGateway;
let kruise: Part;

beforeAll(async () => {
  const { cluster } = shared;
  kruise = await startKruise(cluster);
  await cluster.api.apply(...gatewayRole(ACCOUNT), ...application("v1"), ingress());
  const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: ACCOUNT, namespace: "default" });
  gateway = await startTestGateway({ settings: { kube: true, kubeconfig } });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await kruise?.kill();
});

/** What there is to say about the Ingress that Kruise makes: code, and key without its prefix. */
function found(): string[] {
  return gateway.gateway.controlPlane
    .diagnostics()
    .filter(({ origin }) => origin?.object.name === `${APP}-canary`)
    .map(({ code, key = "" }) => `${code} ${key.slice(key.indexOf("/") + 1)}`)
    .sort();
}

/** Notes whether a code was ever among what is {@link found}. */
function watchFor(code: string): { readonly seen: () => boolean; readonly stop: () => void } {
  let seen = false;
  const stop = gateway.gateway.store.onApplied(() =>
    // Translation follows in the same turn.
    setImmediate(() => {
      seen ||= found().some((each) => each.startsWith(code));
    }),
  );
  return { seen: () => seen, stop };
}

function begin() {
  const traffic = startTraffic({ port: gateway.httpPort, host: HOST, kinds: KINDS, perSecond: PER_SECOND });
  onTestFinished(() => void traffic.stop());
  /** Brings the Rollout to a step and tells who answers each kind of request there. */
  const step = async (number: number): Promise<Record<string, string>> => {
    const { cluster } = shared;
    if (number > 1) await approve(cluster.api);
    await untilPaused(cluster.api, number);
    await untilLive({ cluster, gateway });
    const phase = `step ${number}`;
    traffic.phase(phase);
    await traffic.until(phase, ENOUGH);
    traffic.phase(`after ${phase}`);
    const who = (kind: keyof typeof KINDS): string =>
      [...traffic.answers(phase, kind).keys()].sort().join(" and ");
    return { plain: who("plain"), header: who("header"), cookie: who("cookie"), query: who("query") };
  };
  /** Waits until the Rollout has come to its end, and tells who answers then. */
  const end = async (): Promise<string[]> => {
    const { cluster } = shared;
    await untilRollout(cluster.api, ({ status }) => status?.phase === "Healthy");
    expect(await untilLive({ cluster, gateway })).toBeUndefined();
    traffic.phase("end");
    await traffic.until("end", ENOUGH);
    await traffic.stop();
    return [...traffic.answers("end", "plain").keys()];
  };
  return { traffic, step, end };
}

async function headersFor(headers: Record<string, string>): Promise<Readonly<Record<string, string>>> {
  return (await gateway.request({ host: HOST, headers })).seen().headers;
}

test("header, cookie, query, weight and 100 %: each step's traffic is as declared, and no request fails", async () => {
  const { api } = shared.cluster;
  await start(
    [
      { matches: [byHeader("x-canary", "beta")], requestHeaderModifier: set("1", "2") },
      // What the script makes of two headers is glued, unless the value brings the line break along.
      { matches: [byHeader("canary-by-cookie", "tester")], requestHeaderModifier: set("1\n", "2") },
      { matches: [byQuery("canary", "1")] },
      { traffic: "20%" },
      { traffic: "100%" },
    ],
    "v1",
  );
  const { traffic, step, end } = begin();
  const sharing = watchFor("canary-pods-shared");
  await api.apply(...application("v2"));

  expect(await step(1)).toEqual({ plain: "v1", header: "v2", cookie: "v1", query: "v1" });
  expect(await headersFor({ "x-canary": "beta" })).toMatchObject({ "x-a": "1x-b 2" });
  expect(found()).toEqual(["annotation-value request-header-control-update"]);

  expect(await step(2)).toEqual({ plain: "v1", header: "v1", cookie: "v2", query: "v1" });
  expect(await headersFor({ cookie: "tester=always" })).toMatchObject({ "x-a": "1", "x-b": "2" });
  expect(found()).toEqual([]);

  expect(await step(3)).toEqual({ plain: "v1", header: "v1", cookie: "v1", query: "v2" });

  // The script leaves the query keys behind: such requests are beside the share.
  const both = "v1 and v2";
  expect(await step(4)).toEqual({ plain: both, header: both, cookie: both, query: "v2" });
  const counts = await countAnswers({ port: gateway.httpPort, host: HOST, count: FEW });
  expectShare(counts.get("v2"), FEW, 0.2);
  expectShare(counts.get("v1"), FEW, 0.8);
  expect(found()).toEqual(["canary-left-over canary-by-query"]);

  expect(await step(5)).toEqual({ plain: "v2", header: "v2", cookie: "v2", query: "v2" });
  expect(found()).toEqual([]);
  expect(sharing.seen()).toBe(false);

  await approve(api);
  expect(await end()).toEqual(["v2"]);
  // Between the selector's return and the end of the canary Ingress.
  expect(sharing.seen()).toBe(true);
  sharing.stop();
  expect(traffic.failures).toEqual([]);
}, 400_000);

test("rolled back: the new version is gone, and no request fails", async () => {
  const { api } = shared.cluster;
  await start([{ matches: [byHeader("x-canary", "beta")] }, { traffic: "50%" }, { traffic: "100%" }], "v2");
  const { traffic, step, end } = begin();
  await api.apply(...application("v3"));
  expect(await step(1)).toEqual({ plain: "v2", header: "v3", cookie: "v2", query: "v2" });
  const both = "v2 and v3";
  expect(await step(2)).toEqual({ plain: both, header: both, cookie: both, query: both });
  await api.apply(...application("v2"));
  expect(await end()).toEqual(["v2"]);
  expect(traffic.failures).toEqual([]);
}, 400_000);

/** Brings the application to a version, and gives it a Rollout that has seen it. */
async function start(steps: readonly Step[], version: string): Promise<void> {
  const { cluster } = shared;
  await cluster.kubectl(["rollout", "status", `deployment/${APP}`, "--timeout=60s"]);
  await cluster.api.apply(rollout(steps));
  await untilRollout(cluster.api, ({ status }) => status?.phase === "Healthy");
  await expect
    .poll(() => countAnswers({ port: gateway.httpPort, host: HOST, count: 20 }), { timeout: 30_000 })
    .toEqual(new Map([[version, 20]]));
}

function set(a: string, b: string): object {
  return {
    set: [
      { name: "x-a", value: a },
      { name: "x-b", value: b },
    ],
  };
}
