import { findEnvoy } from "@sluice/envoy";
import type { Ingress, KubeObject, ObjectRef, Resource } from "@sluice/model";
import { encode, TYPE_URLS } from "@sluice/protos";
import { beforeAll, describe, expect, test } from "vitest";
import { checkWithEnvoy } from "./envoy-check.ts";

let binary: string;
beforeAll(async () => {
  binary = (await findEnvoy()).path;
}, 120_000);

function ingress(name: string): Ingress {
  return {
    kind: "Ingress",
    metadata: { namespace: "a", name, labels: {}, annotations: {} },
    spec: { rules: [], tls: [] },
  };
}

const ref = (name: string): ObjectRef => ({ kind: "Ingress", namespace: "a", name });

/** A host to which each Ingress adds a route by its name, which Envoy takes for a pattern. */
function host(table: string, names: readonly string[]): Resource {
  const routes = names.map((name) => ({
    match: { safeRegex: { regex: name } },
    directResponse: { status: 200 },
  }));
  const name = `${table}/x.example`;
  return {
    typeUrl: TYPE_URLS.VIRTUAL_HOST,
    name,
    bytes: encode(TYPE_URLS.VIRTUAL_HOST, { name, domains: ["x.example"], routes }),
    version: names.join(),
    origins: names.map((each) => ({ object: ref(each) })),
    dependsOn: [],
  };
}

const translate = async (objects: readonly KubeObject[]): Promise<readonly Resource[]> => {
  const names = objects.map(({ metadata }) => metadata.name);
  return [host("http", names), host("https", names)];
};

async function check(names: readonly string[]) {
  const objects = names.map(ingress);
  const found = await checkWithEnvoy({ binary, objects, resources: await translate(objects), translate });
  return found.map(({ code, origin, message }) => [
    code,
    origin?.object.name,
    /missing [^:]*/.exec(message)?.[0],
  ]);
}

describe("checkWithEnvoy", { timeout: 60_000 }, () => {
  test("finds nothing in what Envoy takes", async () => {
    expect(await check(["a", "b"])).toEqual([]);
  });

  test("names the only Ingress behind a resource, once, with Envoy's words", async () => {
    expect(await check(["a("])).toEqual([["resource-refused", "a(", "missing )"]]);
  });

  test("names the one that is refused on its own, among several that share a host", async () => {
    expect(await check(["a", "b(", "c"])).toEqual([["resource-refused", "b(", "missing )"]]);
  });

  test("names all if none is refused on its own", async () => {
    const objects = ["a", "b"].map(ingress);
    const bad = host("http", ["a", "b", "("]);
    const shared = { ...bad, origins: bad.origins.slice(0, 2) };
    const found = await checkWithEnvoy({ binary, objects, resources: [shared], translate });
    expect(found.map(({ origin }) => origin?.object.name)).toEqual(["a", "b"]);
  });
});
