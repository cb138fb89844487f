import type { KubernetesSource } from "@sluice/source-kubernetes";
import { expect, test } from "vitest";
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

test("without an API server there is nothing to check", async () => {
  await using bench = await debugBench();
  expect(readiness(bench.target).map(({ name }) => name)).toEqual(["sources", "snapshot"]);
});
