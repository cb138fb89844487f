import { existsSync, readdirSync, readFileSync } from "node:fs";
import {
  DRAFT_STAGES,
  declaresKey,
  type Feature,
  FILTER_STAGES,
  type Key,
  MAX_VALUE_LENGTH,
  parseFeature,
  type References,
  resolveAnnotations,
} from "@sluice/feature-api";
import { type Cluster, type ClusterHttpProtocolOptions, checkConstraints, type Route } from "@sluice/protos";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exportName, featureFiles, indexText } from "../scripts/index-text.ts";
import { features } from "./index.ts";
import { draft, INGRESS, NO_REFERENCES, parse, readyServices, WEB } from "./testing/feature-bench.ts";

const folder = new URL("./", import.meta.url);
const files = featureFiles(readdirSync(folder));

test("the index is what the script writes, and lists each file by id", () => {
  const wanted = indexText(files.map((file) => ({ file, name: exportName(file) })));
  expect(readFileSync(new URL("index.ts", folder), "utf8")).toBe(wanted);
  expect(features.map(({ id }) => id)).toEqual(files);
});

test.each(files)("%s has a test beside it", (file) => {
  expect(existsSync(new URL(`${file}.test.ts`, folder))).toBe(true);
});

test("no two features declare one annotation", () => {
  for (const feature of features)
    for (const name of Object.keys(feature.keys)) {
      const sample = name.replace("*", "x");
      const owners = features.filter((other) => declaresKey(other, sample)).map(({ id }) => id);
      expect([name, owners]).toEqual([name, [feature.id]]);
    }
});

/** Every ConfigMap is there, and empty. */
const WITH_CONFIG_MAP: References = {
  ...NO_REFERENCES,
  configMap: (name) => ({
    found: {
      kind: "ConfigMap",
      metadata: { namespace: "shop", name, labels: {}, annotations: {} },
      data: {},
    },
  }),
};

describe.each(features.map((feature) => [feature.id, feature] as const))("%s", (_, feature) => {
  test("is declared in full", () => {
    expect(feature.title).not.toBe("");
    expect(["route", "domain", "service"]).toContain(feature.scope);
    expect(Object.keys(feature.keys)).not.toEqual([]);
    expect(feature.draft === undefined).toBe(feature.draftStage === undefined);
    expect(feature.httpFilters === undefined || feature.stage !== undefined).toBe(true);
    if (feature.draftStage !== undefined) expect(DRAFT_STAGES).toContain(feature.draftStage);
    if (feature.stage !== undefined) expect(FILTER_STAGES).toContain(feature.stage);
  });

  test.each(Object.entries(feature.keys))("%s is documented, and its example works", (name, key) => {
    expect(key.doc).toMatch(/^[A-Z`].*\.$/s);
    expect(key.example).not.toBe("");
    expect(key.default ?? "").not.toBe("");
    expect(key.each).toBe(name.endsWith("*"));
    expect(key.type.parse(key.example)).toMatchObject({ ok: true });
    const diagnostics = parse(
      feature,
      { [name.replace("*", "method")]: key.example },
      WITH_CONFIG_MAP,
    ).diagnostics;
    expect(diagnostics.filter(({ code }) => code === "annotation-value")).toEqual([]);
  });

  test.each(Object.entries(feature.keys).filter(([, { maxLength = 0 }]) => Number.isFinite(maxLength)))(
    "%s has a length, beyond which it is bad, and so is what it protects",
    (name, key) => {
      const text = "x".repeat((key.maxLength ?? MAX_VALUE_LENGTH) + 1);
      const { denied, diagnostics } = parse(
        feature,
        { [name.replace("*", "method")]: text },
        WITH_CONFIG_MAP,
      );
      expect(diagnostics).toContainEqual(
        expect.objectContaining({ expected: `at most ${text.length - 1} characters` }),
      );
      expect(denied).toBe(feature.onInvalid === "deny");
    },
  );

  test("no value makes it throw, nor what becomes of the value", () => {
    fc.assert(
      fc.property(annotationsOf(feature), fc.webPath(), (annotations, path) => {
        const { set } = resolveAnnotations(INGRESS, annotations);
        const { policy } = parseFeature(feature, set, INGRESS, NO_REFERENCES);
        if (policy !== undefined) expect(faultsBehind(feature, policy, `/${path}`)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

/** Runs the hooks on a policy; what Envoy's API forbids of what they write. */
function faultsBehind(feature: Feature, policy: unknown, rulePath: string): unknown[] {
  feature.variant?.(policy);
  feature.hostRoutes?.(policy);
  const variant = feature.backendVariant?.(policy, WEB);
  if (variant !== undefined) feature.selectPod?.(variant.policy, {});
  const rule = { path: rulePath, references: readyServices("x/x") };
  const made = feature.draft === undefined ? undefined : draft(feature, policy, rule).draft;
  const path = made?.path ?? { kind: "prefix", value: rulePath };
  const own = made?.extraPolicies?.[feature.id] ?? policy;
  const route: Route = { match: { prefix: "/" }, route: { cluster: "c" } };
  const hooks = { routeName: "r", policies: { [feature.id]: own }, path, https: true };
  feature.route?.(route, own, hooks);
  const answer: Route = { match: { prefix: "/" }, directResponse: { status: 503 } };
  const cluster: Cluster = { name: "c" };
  feature.cluster?.(cluster, variant?.policy ?? policy);
  const http: ClusterHttpProtocolOptions = { explicitHttpConfig: { httpProtocolOptions: {} } };
  feature.clusterHttp?.(http, policy);
  feature.speaks?.(feature.httpsVariant?.(policy)?.policy ?? policy);
  return [
    ...[route, ...(feature.answers?.(answer, own, hooks) ?? [])].flatMap((each) =>
      checkConstraints("envoy.config.route.v3.Route", each),
    ),
    ...checkConstraints("envoy.config.cluster.v3.Cluster", cluster),
    ...checkConstraints("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", http),
  ];
}

/** Any subset of a feature's annotations, with any text, or with something like the example. */
function annotationsOf(feature: Feature): fc.Arbitrary<Readonly<Record<string, string>>> {
  const entries = Object.entries(feature.keys).map(
    ([name, key]) => [`mse.ingress.kubernetes.io/${name.replace("*", "x")}`, anyText(key)] as const,
  );
  return fc.subarray(entries).chain((chosen) => fc.record(Object.fromEntries(chosen)));
}

function anyText(key: Key<never>): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom(key.example, "true", "0", "-1", "99999999999999999999", "\ud800", "__proto__", "$host"),
    // Parts of the example, so that whatever follows the first check is reached too.
    fc.string({ unit: fc.constantFrom(...key.example, " ", "\n", "/", "%", "$", "\\", "("), maxLength: 40 }),
  );
}
