import { createControlPlane } from "@sluice/controller";
import { findEnvoy, validateResources } from "@sluice/envoy";
import { features } from "@sluice/features";
import { DEFAULT_GATEWAY_SETTINGS, type KubeObject, type Resource } from "@sluice/model";
import { createStore } from "@sluice/store";
import { arbitraryOperations, keyPair, TEST_SETTINGS } from "@sluice/translate/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { testCertificate } from "../support/certificate.ts";
import { KINDS, type Named, named } from "./named-resource.ts";

/** Nothing that annotations and rules can say, sense or nonsense, makes a resource that a real Envoy refuses. */

const WORLDS = 500;

test(`${WORLDS} random worlds are accepted`, async () => {
  const options = { features, sound: await keyPair(["a.test"]), wild: await keyPair(["*.test"]) };
  const pair = await testCertificate("default.test");
  const defaultCertificate = {
    ...TEST_SETTINGS.defaultCertificate,
    chain: Buffer.from(pair.chain),
    key: Buffer.from(pair.key),
  };
  // Each version once: worlds of few names have much in common.
  const versions = new Map<string, Named>();
  const from = new Map<string, readonly KubeObject[]>();
  for (const operations of fc.sample(arbitraryOperations(options, 40), WORLDS)) {
    const store = createStore();
    for (const operation of operations)
      store.apply(
        "set" in operation
          ? { set: [operation.set], removed: [] }
          : { set: [], removed: [operation.removed] },
      );
    const plane = createControlPlane({
      store,
      features,
      translate: { ...TEST_SETTINGS, defaultCertificate },
      gateway: DEFAULT_GATEWAY_SETTINGS,
      whenIdle: () => Promise.resolve(),
    });
    for (const resource of plane.renderings().flatMap(({ resources }) => [...resources.values()])) {
      const key = `${resource.typeUrl} ${resource.version}`;
      if (versions.has(key)) continue;
      versions.set(key, named(resource, versions.size));
      from.set(key, store.dump());
    }
  }
  const kinds = new Set([...versions.values()].map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(Object.values(KINDS).sort());
  const refused = await validateResources((await findEnvoy()).path, [...versions.values()]);
  const ingressesOf = (resource: Resource) =>
    (from.get(`${resource.typeUrl} ${resource.version}`) ?? [])
      .filter(
        ({ kind, metadata }) =>
          kind === "Ingress" && resource.origins.some(({ object }) => object.name === metadata.name),
      )
      .map(({ metadata }) => metadata.annotations);
  expect(
    refused.map(({ resource: { resource }, message }) => ({
      name: resource.name,
      message,
      of: ingressesOf(resource),
    })),
  ).toEqual([]);
});
