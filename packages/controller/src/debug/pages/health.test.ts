import type { KubernetesSource } from "@sluice/source-kubernetes";
import { expect, test } from "vitest";
import type { XdsTls } from "../../gateway/xds-tls.ts";
import { debugBench } from "../testing/debug-bench.ts";
import { readiness } from "./health.ts";

type Source = Pick<KubernetesSource, "status" | "missing">;

async function kubernetesCheck(source: Source) {
  await using bench = await debugBench();
  const { store, gateways } = bench.target;
  // The check reads no more of the source than this.
  const kubernetes = source as KubernetesSource;
  return readiness({ store, gateways, kubernetes }).find(({ name }) => name === "kubernetes");
}

test("a source that waits for its first lists is not ready, and says for which, and why", async () => {
  const refused = ["IngressClass: forbidden (403)"];
  const check = await kubernetesCheck({
    missing: () => ["Ingress", "IngressClass"],
    status: () => ({ connected: true, since: 0, refused }),
  });
  expect(check).toEqual({
    name: "kubernetes",
    ok: false,
    missing: "waiting for Ingress, IngressClass; IngressClass: forbidden (403)",
  });
});

test("an API server that is away makes nobody unready, and is told of", async () => {
  const status = { connected: false, since: 0, lastError: "connect ECONNREFUSED", refused: [] };
  expect(await kubernetesCheck({ missing: () => [], status: () => status })).toEqual({
    name: "kubernetes",
    ok: true,
    note: "ok, but the API server does not answer since 1970-01-01T00:00:00.000Z: connect ECONNREFUSED",
  });
});

test.each([
  [
    "before there is an authority",
    false,
    undefined,
    { ok: false, missing: "waiting for the certificate authority" },
  ],
  ["before, and it is known why", false, "it is forbidden", { ok: false, missing: "it is forbidden" }],
  ["when there is one", true, undefined, { ok: true }],
  ["when its Secret cannot be followed", true, "it is away", { ok: true, note: "ok, but it is away" }],
])("xDS over mutual TLS, %s", async (_about, isThere, trouble, expected) => {
  await using bench = await debugBench();
  const { store, gateways } = bench.target;
  const server = { current: () => (isThere ? {} : undefined) };
  // The check reads no more of it than this.
  const xdsTls = { identity: { server, trouble: () => trouble } } as unknown as XdsTls;
  const checks = readiness({ store, gateways, xdsTls });
  expect(checks.find(({ name }) => name === "xds-tls")).toEqual({ name: "xds-tls", ...expected });
});

test("a gateway without its MseIngressConfig is not ready, and names it", async () => {
  await using bench = await debugBench();
  const definitions = {
    of: () => undefined,
    stop: () => {},
    missing: () => "The MseIngressConfig tset is not there",
  };
  const check = readiness({ ...bench.target, definitions }).find(({ name }) => name === "mse-ingress-config");
  expect(check).toEqual({
    name: "mse-ingress-config",
    ok: false,
    missing: "The MseIngressConfig tset is not there (--mse-ingress-config)",
  });
});

test("without an API server there is nothing to check", async () => {
  await using bench = await debugBench();
  expect(readiness(bench.target).map(({ name }) => name)).toEqual(["sources", "snapshot"]);
});
