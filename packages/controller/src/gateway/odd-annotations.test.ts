import { features } from "@sluice/features";
import type { KubeObject } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import {
  arbitraryOddIngresses,
  endpoint,
  hugeValues,
  ingress,
  ODD_SERVICE,
  service,
  slice,
} from "@sluice/translate/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { planeOf } from "../testing/plane-of.ts";
import type { ControlPlane } from "./control-plane.ts";

/**
 * No value of an annotation throws, breaks Envoy's API, or changes what another Ingress is served by. `FUZZ_SEED` tries other
 * values, `FUZZ_RUNS=20` twenty times as many; a failure prints its seed.
 */
const SEED = Number(process.env.FUZZ_SEED ?? "5");
const RUNS = 400 * Number(process.env.FUZZ_RUNS ?? "1");

/** Of another namespace, host and Service, which no odd text names. */
const OTHER = ingress("other", {
  namespace: "elsewhere",
  rules: [
    [
      "other.elsewhere.test",
      [
        { path: "/", service: "untold" },
        { path: "/a", service: "untold" },
      ],
    ],
  ],
  annotations: {
    "enable-cors": "true",
    "whitelist-source-range": "10.0.0.0/8",
    "rewrite-target": "/b",
    timeout: "5",
    "load-balance": "least_conn",
    "request-header-control-update": "x-a b",
  },
});

const WORLD: readonly KubeObject[] = [
  OTHER,
  service("untold", {}, "elsewhere"),
  slice("untold-1", "untold", [endpoint("10.0.0.2")], { namespace: "elsewhere" }),
  service(ODD_SERVICE),
  slice("odd-1", ODD_SERVICE, [endpoint("10.0.0.1")]),
];

const translated = (objects: readonly KubeObject[]) => planeOf(objects, { now: () => 0 }).plane;

/** What an Ingress is served by, but for what all share: its virtual hosts, clusters and endpoints. */
function servedBy(plane: ControlPlane, namespace: string): Record<string, string> {
  const shared: readonly string[] = [TYPE_URLS.LISTENER, TYPE_URLS.ROUTE_CONFIGURATION];
  return Object.fromEntries(
    plane
      .renderings()
      .flatMap(({ resources }) => [...resources.values()])
      .filter(({ typeUrl, origins }) =>
        shared.includes(typeUrl) ? false : origins.some(({ object }) => object.namespace === namespace),
      )
      .map(({ typeUrl, name, version }) => [`${typeUrl} ${name}`, version]),
  );
}

test("odd annotations make no resource that Envoy's API forbids, and change none of another Ingress", () => {
  const alone = servedBy(translated(WORLD), "elsewhere");
  expect(Object.keys(alone).length).toBeGreaterThanOrEqual(4);
  let told = 0;
  fc.assert(
    fc.property(arbitraryOddIngresses(features, "a"), (odd) => {
      const plane = translated([...WORLD, ...odd]);
      expect(servedBy(plane, "elsewhere")).toEqual(alone);
      expect(plane.diagnostics().filter(({ code }) => code === "resource-constraint")).toEqual([]);
      told += plane.diagnostics().length;
    }),
    { numRuns: RUNS, seed: SEED },
  );
  // Values near good ones and far from them: many, and not all, have been found bad.
  expect(told).toBeGreaterThan(RUNS);
});

test("nor do the largest, of every key and in every shape", () => {
  const alone = servedBy(translated(WORLD), "elsewhere");
  const shapes = Object.keys(hugeValues({ example: "x" }, 10));
  for (const shape of shapes) {
    // One family on an Ingress of its own, all in one world.
    const odd = features.map(({ id, keys }, index) => {
      const length = index % 2 === 0 ? 1900 : 16_000;
      const annotations = Object.entries(keys).map(([name, key]) => [
        name.replace("*", "x-a"),
        hugeValues(key, length)[shape] ?? "",
      ]);
      const rules = [[`${id}.odd.test`, [{ service: ODD_SERVICE }]]] as const;
      return ingress(id, { annotations: Object.fromEntries(annotations), rules });
    });
    const plane = translated([...WORLD, ...odd]);
    expect([shape, servedBy(plane, "elsewhere")]).toEqual([shape, alone]);
    const broken = plane.diagnostics().filter(({ code }) => code === "resource-constraint");
    expect([shape, broken]).toEqual([shape, []]);
  }
});
