import type { IngressClass, KubeObject } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { asServed, controllerConfigs, dialects } from "./source.ts";
import { compare, controllerConfig, ingress, keyOf, reportOf } from "./testing/compare.ts";

const ingressClass = (name: string, controller: string): IngressClass => ({
  kind: "IngressClass",
  metadata: { namespace: "", name, labels: {}, annotations: {} },
  spec: { controller },
});

describe("the gateway that an Ingress comes from", () => {
  test.each([
    ["ingress-nginx", {}, "nginx"],
    ["ingress-nginx", {}, ""],
    ["ingress-nginx", {}, "nginx-internal"],
    ["ingress-nginx", { "use-regex": "true" }, "traefik"],
    ["higress", {}, "higress"],
    ["higress", { "higress.io/timeout": "3" }, "nginx"],
    ["higress", { "higress.ingress.kubernetes.io/timeout": "3" }, ""],
    ["higress", { "disabled.higress.io/timeout": "3" }, "mse"],
    [undefined, {}, "traefik"],
    [undefined, { "mse.ingress.kubernetes.io/timeout": "3" }, "mse"],
    ["ingress-nginx", {}, "public"],
    ["higress", {}, "inside"],
    [undefined, {}, "other"],
    [undefined, {}, "f5"],
    [undefined, { "nginx.org/basic-auth-secret": "users" }, "nginx"],
    [undefined, { "nginx.com/jwt-key": "key" }, ""],
  ])("is %s for %j of class %j", (dialect, annotations, className) => {
    const classes = [
      ingressClass("public", "k8s.io/ingress-nginx"),
      ingressClass("inside", "higress.io/higress-controller"),
      ingressClass("other", "example.com/ingress"),
      ingressClass("f5", "nginx.org/ingress-controller"),
    ];
    const object = ingress(annotations, { className });
    expect(dialects([...classes, object], {})(object)).toBe(dialect);
    expect(dialects([object], { from: "higress" })(object)).toBe("higress");
  });

  test("Ingresses of other classes are named", () => {
    const report = compare([ingress({}, { className: "traefik" })]);
    expect(report.skipped).toMatchObject([{ className: "traefik", ingress: { name: "web" } }]);
    expect(report.ingresses).toEqual([]);
  });
});

test("controllers' ConfigMaps are found by name or label", () => {
  const likely = controllerConfig({});
  const other: KubeObject = { ...likely, metadata: { ...likely.metadata, name: "tcp-services" } };
  const labelled: KubeObject = {
    ...likely,
    metadata: {
      ...likely.metadata,
      name: "edge-controller",
      labels: { "app.kubernetes.io/name": "ingress-nginx" },
    },
  };
  expect(controllerConfigs([other, labelled, likely]).map(({ metadata }) => metadata.name)).toEqual([
    "ingress-nginx-controller",
    "edge-controller",
  ]);
});

test("what is served has this gateway's class and nothing of others", () => {
  const old = ingress({ "kubernetes.io/ingress.class": "nginx", "use-regex": "true" });
  const [served, ...others] = asServed(
    [old, ingressClass("nginx", "x"), ingress({}, { name: "not" })],
    "mse",
    ({ metadata }) => metadata.name !== "not",
  );
  expect(others).toEqual([]);
  expect(served).toMatchObject({
    spec: { ingressClassName: "mse" },
    metadata: { annotations: { "nginx.ingress.kubernetes.io/use-regex": "true" } },
  });
  expect(Object.keys(served?.metadata.annotations ?? {})).toHaveLength(1);
});

describe("keys of Higress", () => {
  const of = (annotations: Readonly<Record<string, string>>, key: string) =>
    keyOf(compare([ingress({ "higress.io/x": "y", ...annotations })], { from: "higress" }), key);

  test.each([
    [{ "higress.io/timeout": "5" }, "timeout", "same"],
    [
      { "higress.io/canary-by-header": "x", "higress.io/canary-by-header-value": "beta" },
      "canary-by-header-value",
      "differs",
    ],
    [
      { "higress.io/canary-weight": "1", "higress.io/canary-weight-total": "1000" },
      "canary-weight",
      "differs",
    ],
    [{ "higress.io/canary-weight": "10" }, "canary-weight", "same"],
    [{ "higress.io/enable-cors": "true" }, "enable-cors", "differs"],
    [
      { "higress.io/enable-cors": "true", "higress.io/cors-allow-origin": "https://a.com" },
      "enable-cors",
      "same",
    ],
    [{ "higress.io/route-limit-burst-multiplier": "20" }, "route-limit-burst-multiplier", "differs"],
    [{ "higress.io/affinity-mode": "persistent" }, "affinity-mode", "differs"],
    [{ "higress.io/backend-protocol": "AUTO_HTTP" }, "backend-protocol", "differs"],
    [{ "higress.io/proxy-next-upstream": "error" }, "proxy-next-upstream", "differs"],
    [{ "higress.io/proxy-next-upstream-tries": "3" }, "proxy-next-upstream-tries", "same"],
    [{ "higress.io/ssl-redirect": "false" }, "ssl-redirect", "same"],
    [{ "higress.io/mcp-server": "true" }, "mcp-server", "no-effect"],
    [{ "proxy-body-size": "8m" }, "proxy-body-size", "differs"],
    [{ "disabled.higress.io/timeout": "5" }, "timeout", "no-effect"],
    [{ "higress.io/timeout": "5", timeout: "6" }, "nginx.ingress.kubernetes.io/timeout", "no-effect"],
  ] as const)("%j: %s is %s", (annotations, key, outcome) => {
    expect(of(annotations, key).outcome).toBe(outcome);
  });

  test("a pattern under a shorter prefix is dead there", () => {
    const prefix = ingress({}, { name: "prefix", className: "higress", paths: ["Prefix /a"] });
    const pattern = ingress(
      { "higress.io/use-regex": "true" },
      { className: "higress", paths: ["ImplementationSpecific /a/[0-9]+"] },
    );
    expect(reportOf(compare([prefix, pattern])).notes[0]?.text).toContain(
      "/a of shop/prefix takes what /a/[0-9]+ would",
    );
  });

  test("the redirect to https is told once", () => {
    const report = compare([ingress({}, { className: "higress" })]);
    expect(report.defaults.map(({ topic }) => topic)).toEqual(["ssl-redirect"]);
  });
});

describe("prefixes that the source does not read", () => {
  test("count here alone", () => {
    const report = compare([ingress({ "mse.ingress.kubernetes.io/timeout": "5" })]);
    expect(keyOf(report, "timeout").texts.join()).toContain("does not read it; here it counts");
  });
  test("decide here against what the source reads", () => {
    const report = compare([
      ingress({ "proxy-body-size": "8m", "mse.ingress.kubernetes.io/proxy-body-size": "9m" }),
    ]);
    expect(keyOf(report, "nginx.ingress.kubernetes.io/proxy-body-size")).toMatchObject({
      outcome: "differs",
    });
    expect(report.counts.fixable).toBe(0);
  });
  test("are the same where they say the same", () => {
    const report = compare([
      ingress({ "proxy-body-size": "8m", "mse.ingress.kubernetes.io/proxy-body-size": "8m" }),
    ]);
    expect(report.verdict).toBe("ready");
  });
  test("make up for a difference", () => {
    const before = ingress({ "proxy-next-upstream-tries": "1" });
    expect(reportOf(compare([before])).fixes).toEqual({ "proxy-next-upstream": "off" });
    const after = ingress({
      "proxy-next-upstream-tries": "1",
      "mse.ingress.kubernetes.io/proxy-next-upstream": "off",
    });
    expect(compare([after])).toMatchObject({ verdict: "ready", counts: { fixable: 0 } });
  });
  test("are not added where they would act on a Service of other Ingresses too", () => {
    const sticky = ingress({ affinity: "cookie" }, { paths: ["Prefix /shop"] });
    expect(reportOf(compare([sticky])).fixes).toEqual({ "session-cookie-path": "/shop" });
    const other = ingress({}, { name: "other", host: "b.example.com" });
    expect(reportOf(compare([sticky, other])).fixes).toEqual({});
  });
});
