import { planeOf } from "@sluice/controller/testing";
import { findEnvoy, validateResources } from "@sluice/envoy";
import { shorten } from "@sluice/feature-api";
import { features } from "@sluice/features";
import type { Ingress } from "@sluice/model";
import {
  arbitraryOddIngresses,
  endpoint,
  ODD_SERVICE,
  service,
  slice,
  TEST_SETTINGS,
} from "@sluice/translate/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { testCertificate } from "../support/certificate.ts";
import { type Named, named } from "./named-resource.ts";

/**
 * Whatever annotations say, a real Envoy takes what is made of it. `FUZZ_SEED` tries other values, `FUZZ_RUNS=20` twenty times
 * as many; a failure names the seed and the Ingresses behind the refused resource.
 */
const SEED = Number(process.env.FUZZ_SEED ?? "5");
const GROUPS = 400 * Number(process.env.FUZZ_RUNS ?? "1");

/** So many groups of Ingresses, which share hosts among themselves, are one world. */
const WORLD = 100;

test(`${GROUPS} groups of Ingresses with odd annotations are accepted (seed ${SEED})`, async () => {
  const pair = await testCertificate("default.test");
  const defaultCertificate = {
    ...TEST_SETTINGS.defaultCertificate,
    chain: Buffer.from(pair.chain),
    key: Buffer.from(pair.key),
  };
  const groups = Array.from({ length: GROUPS }, (_, index) => {
    const [group = []] = fc.sample(arbitraryOddIngresses(features, `g${index}`), {
      seed: SEED + index,
      numRuns: 1,
    });
    return group;
  });
  const found = new Map<string, Named>();
  for (let start = 0; start < groups.length; start += WORLD) {
    // Groups have no host in common, and the Service of each namespace is its own.
    const ingresses = groups
      .slice(start, start + WORLD)
      .flatMap((group, at) => inNamespace(group, `n${start + at}`));
    const namespaces = [...new Set(ingresses.map(({ metadata }) => metadata.namespace))];
    const { plane } = planeOf(
      [
        ...namespaces.flatMap((namespace) => [
          service(ODD_SERVICE, {}, namespace),
          slice("odd-1", ODD_SERVICE, [endpoint("10.0.0.1")], { namespace }),
        ]),
        ...ingresses,
      ],
      { defaultCertificate },
    );
    for (const resource of plane.renderings().flatMap(({ resources }) => [...resources.values()])) {
      const key = `${resource.typeUrl} ${resource.version}`;
      if (!found.has(key)) found.set(key, named(resource, found.size));
    }
  }
  expect(found.size).toBeGreaterThan(GROUPS);
  const refused = await validateResources((await findEnvoy()).path, [...found.values()]);
  expect(
    refused.map(({ resource: { resource }, message }) => ({
      seed: SEED,
      name: resource.name,
      message,
      of: groups
        .flat()
        .filter(({ metadata }) => resource.origins.some(({ object }) => object.name === metadata.name))
        .map(({ metadata }) =>
          Object.entries(metadata.annotations).map(([key, value]) => `${key}: ${shorten(value, 200)}`),
        ),
    })),
  ).toEqual([]);
});

function inNamespace(group: readonly Ingress[], namespace: string): Ingress[] {
  return group.map((one) => ({ ...one, metadata: { ...one.metadata, namespace } }));
}
