import { bool, defineFeature } from "@sluice/feature-api";
import { DEFAULT_CERTIFICATE } from "@sluice/model";
import { beforeAll, describe, expect, test } from "vitest";
import { ingress, type KeyPair, keyPair, secret, service, translate } from "./testing/index.ts";

const PASSING = defineFeature({
  id: "passing",
  title: "Passing",
  scope: "domain",
  onInvalid: "ignore",
  keys: { passing: bool({ doc: "Passes.", example: "true", default: "false" }) },
  parse: (values) => (values.passing === true ? { on: true } : undefined),
  passesTls: ({ on }) => on,
});

const ON = { passing: "true" };
let pair: KeyPair;
beforeAll(async () => {
  pair = await keyPair(["a.test"]);
});

function world(objects: Parameters<typeof translate>[0], sslPassthrough = true) {
  return translate([service("web"), ...objects], { features: [PASSING], settings: { sslPassthrough } });
}

/** `HOST → CLUSTER`, sorted. */
function passed({ passthroughs }: ReturnType<typeof world>): string[] {
  return passthroughs().map(({ host, cluster }) => `${host} → ${cluster}`);
}

describe("a host whose TLS is passed on", () => {
  test("goes to the backend of /, as plain TCP, whatever certificate it has", () => {
    const made = world([
      secret("own", pair),
      ingress("one", {
        annotations: ON,
        rules: [["a.test", [{ path: "/x", service: "other" }, { path: "/" }]]],
        tls: [{ hosts: ["a.test"], secretName: "own" }],
      }),
    ]);
    expect(passed(made)).toEqual(["a.test → default/web/80/passthrough"]);
    expect(made.chains()).toEqual([]);
    expect(made.clusters.get("default/web/80/passthrough")).toMatchObject({ protocol: "tcp", policies: {} });
    expect(made.virtualHosts.get("a.test")).not.toHaveProperty("certificate");
    expect(made.found()).toContain("passthrough-overrides one");
  });

  test("comes and goes with the annotation", () => {
    const one = (annotations = {}) => ingress("one", { annotations, rules: [["a.test", [{}]]] });
    const made = world([one()]);
    expect(passed(made)).toEqual([]);
    made.set(one(ON));
    expect(passed(made)).toEqual(["a.test → default/web/80/passthrough"]);
    made.set(one());
    expect(passed(made)).toEqual([]);
    expect(made.clusters.has("default/web/80/passthrough")).toBe(false);
  });

  test("is not one that an older Ingress of another namespace has rules for: its protections would be void", () => {
    const older = (namespace: string) => ingress("older", { namespace, age: 1, rules: [["a.test", [{}]]] });
    const younger = ingress("younger", {
      annotations: ON,
      age: 2,
      rules: [["a.test", [{ path: "/x" }]]],
    });
    const made = world([older("elsewhere"), younger]);
    expect(passed(made)).toEqual([]);
    expect(made.found()).toContain("annotation-overruled younger");
    made.remove(older("elsewhere"));
    made.set(older(younger.metadata.namespace));
    expect(passed(made)).toEqual(["a.test → default/web/80/passthrough"]);
  });

  test("without a rule for / has its connections closed", () => {
    const made = world([ingress("one", { annotations: ON, rules: [["a.test", [{ path: "/x" }]]] })]);
    expect(passed(made)).toEqual(["a.test → undefined"]);
    expect(made.found()).toContain("passthrough-closed one");
  });

  test("is as any other while the operator has not allowed it", () => {
    const made = world([ingress("one", { annotations: ON, rules: [["a.test", [{}]]] })], false);
    expect(passed(made)).toEqual([]);
    expect(made.found()).toContain("annotation-no-effect one");
  });
});

test("a host under a wildcard host whose TLS is passed on gets the default certificate by its name", () => {
  const wild = ingress("wild", { annotations: ON, rules: [["*.a.test", [{}]]] });
  const made = world([wild, ingress("inner", { rules: [["x.a.test", [{}]]] })]);
  expect(passed(made)).toEqual(["*.a.test → default/web/80/passthrough"]);
  expect(made.chains()).toMatchObject([{ certificate: DEFAULT_CERTIFICATE, hosts: ["x.a.test"] }]);
  made.remove(wild);
  expect([passed(made), made.chains()]).toEqual([[], []]);
  expect(made.certificates.has(DEFAULT_CERTIFICATE)).toBe(true);
});
