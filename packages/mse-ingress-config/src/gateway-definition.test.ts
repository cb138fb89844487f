import { DEFAULT_GATEWAY_SETTINGS, type GatewayDefinition, type MseIngressConfig } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { gatewayDefinition } from "./gateway-definition.ts";

const OFF = { serviceName: "test", samplePercent: 0 };
const base = { ...DEFAULT_GATEWAY_SETTINGS, tracingCollector: { host: "otel", port: 4317 } };

/** A resource of this spec, which may be anything. */
function config(spec: object): MseIngressConfig {
  return {
    kind: "MseIngressConfig",
    metadata: { namespace: "", name: "test", labels: {}, annotations: {} },
    spec: { ...spec },
  };
}

const define = (spec: object, previous?: GatewayDefinition) =>
  gatewayDefinition(config(spec), base, previous);
const codes = (spec: object, previous?: GatewayDefinition) =>
  define(spec, previous).diagnostics.map(({ code, key }) => [code, key]);
const lists = (ipAccessControl: unknown) => ({ global: { ipAccessControl } });
const traced = (tracing: unknown) => ({ monitor: { tracing } });

/** The definition of a spec in which everything is fine. */
function good(spec: object): GatewayDefinition {
  const { definition, failed } = define(spec);
  if (definition === undefined || failed !== undefined) throw new Error(failed?.message ?? "no definition");
  return definition;
}

test("an empty spec listens to what points at it, with the settings of the process", () => {
  expect(define({})).toEqual({
    definition: { name: "test", listens: { config: "test" }, settings: { ...base, tracing: OFF } },
    diagnostics: [],
  });
});

test("the listening options become listening rules", () => {
  const listens = (local: object) => good({ ingress: { local } }).listens;
  expect(listens({ ingressClass: "", watchNamespace: "" })).toEqual({ config: "test", ingressClass: "" });
  expect(listens({ ingressClass: "nginx", watchNamespace: "shop" })).toEqual({
    config: "test",
    ingressClass: "nginx",
    namespace: "shop",
  });
});

test("null is a field that is left out", () => {
  expect(define({ name: null, common: null, global: { ipAccessControl: { whitelist: null } } })).toEqual(
    define({}),
  );
});

describe("what is wrong", () => {
  test("is named all at once, and takes nothing else with it", () => {
    const spec = {
      name: "",
      common: {
        instance: { replicas: 31, spec: "1c1g" },
        network: { vSwitches: ["a", "b", "c"] },
        pay: { payType: "PREPAY" },
      },
      monitor: { tracing: { openTelemetry: { sampleRate: 5 } } },
      ingress: { local: { ingressClass: "mse" } },
    };
    const { definition, diagnostics, failed } = define(spec);
    expect(diagnostics.map(({ key, value, expected }) => [key, value, expected])).toEqual([
      ["spec.name", '""', "a name"],
      ["spec.common.pay.payType", '"PREPAY"', "POSTPAY"],
      ["spec.common.instance.spec", '"1c1g"', "one of 2c4g, 4c8g, 8c16g, 16c32g"],
      ["spec.common.instance.replicas", "31", "a whole number from 0 to 30"],
      ["spec.common.network.vSwitches", '["a","b","c"]', "one or two ids, the primary one first"],
      ["spec.monitor.tracing.openTelemetry.sampleRate", "5", 'a percentage from "0" to "100", as a text'],
    ]);
    expect(diagnostics.every(({ severity, code }) => severity === "error" && code === "config-value")).toBe(
      true,
    );
    expect(failed?.message).toContain("spec.name");
    expect(failed?.message).toMatch(/ And 3 more\.$/);
    expect(definition?.listens.ingressClass).toBe("mse");
  });

  test("keeps what was there before", () => {
    const before = good({
      ingress: { local: { ingressClass: "mse", watchNamespace: "shop" } },
      monitor: { logging: { sls: { reuseProject: "" } }, tracing: { xTrace: { sampleRate: "12.5" } } },
    });
    const after = define(
      {
        ingress: { local: { ingressClass: 1, watchNamespace: false } },
        monitor: { logging: { sls: { reuseProject: 0 } }, tracing: { xTrace: "on" } },
      },
      before,
    );
    expect(after.definition).toEqual(before);
    expect(after.failed).toBeDefined();
    expect(define({ ingress: "all" }, before).definition?.listens).toEqual(before.listens);
  });

  test("is of no matter once it is mended", () => {
    const before = define({ ingress: { local: { ingressClass: 1 } } }).definition;
    expect(define({ ingress: { local: { ingressClass: "b" } } }, before)).toEqual(
      define({ ingress: { local: { ingressClass: "b" } } }),
    );
  });
});

test("a list of thousands has some of its remarks told, and what makes it bad in any case", () => {
  const many = Array.from({ length: 10_000 }, (_, n) => `10.${n >> 8}.${n & 255}.7/24`);
  const found = define(lists({ whitelist: [...many, "nowhere", ...many] })).diagnostics;
  expect(found.length).toBeLessThan(30);
  expect(found).toContainEqual(expect.objectContaining({ code: "config-value", value: "nowhere" }));
});

test("a bad rate from the start is off in the form that a good one replaces without a new listener", () => {
  const bad = define(traced({ openTelemetry: { sampleRate: "101" } })).definition?.settings.tracing;
  const fine = good(traced({ openTelemetry: { sampleRate: "5" } })).settings.tracing;
  expect(bad).toEqual({ ...fine, samplePercent: 0 });
});

describe("a field that is not known", () => {
  test.each([
    [{ common: { instance: { replica: 2 } } }, "spec.common.instance.replica", "common.instance.replicas"],
    [
      { common: { network: { securityGroupType: "normal" } } },
      "spec.common.network.securityGroupType",
      "common.securityGroupType",
    ],
    [{ Global: {} }, "spec.Global", "global"],
    [{ colour: "red" }, "spec.colour", undefined],
  ])("%j is named, with the nearest one", (spec, key, nearest) => {
    const { diagnostics, failed } = define(spec);
    expect(diagnostics).toMatchObject([{ code: "config-unknown", severity: "warning", key }]);
    expect(diagnostics[0]?.hint).toBe(nearest && `Did you mean spec.${nearest}?`);
    expect(failed).toBeUndefined();
  });

  test.each([
    lists({ whiteList: ["10.0.0.0/8"] }),
    lists({ allow: ["10.0.0.0/8"] }),
    { global: { ipAccessControls: { whitelist: ["10.0.0.0/8"] } } },
    { ipAccessControl: { whitelist: ["10.0.0.0/8"] } },
    { Global: { ipAccessControl: { blacklist: [] } } },
  ])("%j may be a protection: the last good lists stay, and without any nobody is let in", (spec) => {
    const { definition, failed } = define(spec);
    expect(failed?.message).toContain("is not known, expected whitelist or blacklist");
    expect(definition?.settings.ipAccess?.allow).toEqual([]);
    const before = good(lists({ whitelist: ["192.0.2.1"] }));
    expect(define(spec, before).definition?.settings.ipAccess).toEqual({ allow: ["192.0.2.1/32"] });
  });
});

describe("address lists", () => {
  test("are sorted ranges, each once; an empty one is none", () => {
    const { definition, diagnostics } = define(
      lists({ whitelist: ["10.0.0.1", "::ffff:10.0.0.1", "2001:DB8::/32", "10.0.0.9/24"], blacklist: [] }),
    );
    expect(definition?.settings.ipAccess).toEqual({
      allow: ["10.0.0.0/24", "10.0.0.1/32", "2001:db8::/32"],
    });
    expect(diagnostics.map(({ code, key, expected }) => [code, key, expected])).toEqual([
      ["config-adjusted", "spec.global.ipAccessControl.whitelist[3]", "10.0.0.0/24"],
    ]);
  });

  test("with a bad item keep their last good form, each by itself", () => {
    const before = good(lists({ whitelist: ["10.0.0.0/8"], blacklist: ["10.9.0.0/16"] }));
    const after = define(lists({ whitelist: ["10.0.0.0/8", "10.0.0.300"], blacklist: [] }), before);
    expect(after.definition?.settings.ipAccess).toEqual({ allow: ["10.0.0.0/8"] });
    expect(after.diagnostics).toMatchObject([
      { code: "config-value", key: "spec.global.ipAccessControl.whitelist[1]", value: "10.0.0.300" },
    ]);
  });

  test.each([
    ["a bad item", { whitelist: ["shop.example.com"] }],
    ["an item of another type", { whitelist: [10] }],
    ["a text", { whitelist: "10.0.0.0/8" }],
  ])("%s without a last good list lets nobody in", (_, broken) => {
    const { definition, diagnostics, failed } = define(lists(broken));
    expect(definition?.settings.ipAccess).toEqual({ allow: [] });
    expect(diagnostics.at(-1)).toMatchObject({
      code: "config-value-denied",
      key: "spec.global.ipAccessControl.whitelist",
    });
    expect(failed).toBeDefined();
    // Not even when it stays as it is: that nobody is let in is no good list.
    expect(codes(lists(broken), definition).at(-1)?.[0]).toBe("config-value-denied");
  });

  test("a bad deny list denies everybody, and leaves the allow list as it is", () => {
    const { definition } = define(lists({ whitelist: ["10.0.0.0/8"], blacklist: ["no"] }));
    expect(definition?.settings.ipAccess).toEqual({ allow: ["10.0.0.0/8"], deny: ["0.0.0.0/0", "::/0"] });
  });

  test("a group that is no object closes both", () => {
    expect(define(lists("closed")).definition?.settings.ipAccess).toEqual({
      allow: [],
      deny: ["0.0.0.0/0", "::/0"],
    });
    expect(define({ global: [] }).definition?.settings.ipAccess?.allow).toEqual([]);
  });

  test("thousands of bad items make a message of bounded size", () => {
    const whitelist = Array.from({ length: 5000 }, (_, n) => `bad-${n}`);
    const { failed, diagnostics } = define(lists({ whitelist }));
    expect(diagnostics).toHaveLength(5001);
    expect(failed?.message.length).toBeLessThan(1000);
  });
});

describe("tracing", () => {
  test.each([
    [{ openTelemetry: {} }, 100],
    [{ xTrace: {} }, 0],
    [{ openTelemetry: { sampleRate: "12.5" } }, 12.5],
    [{ xTrace: { sampleRate: "100" } }, 100],
  ])("%j samples %d percent", (tracing, samplePercent) => {
    expect(good(traced(tracing)).settings.tracing).toEqual({ serviceName: "test", samplePercent });
  });

  test.each(["101", "-1", "12,5", "50%", "", "100.5", "1e1"])("%j is no percentage", (sampleRate) => {
    expect(codes(traced({ openTelemetry: { sampleRate } }))).toEqual([
      ["config-value", "spec.monitor.tracing.openTelemetry.sampleRate"],
    ]);
  });

  test("goes under the name of the resource, which nobody can change", () => {
    expect(good({ name: "shop", ...traced({ openTelemetry: {} }) }).settings.tracing?.serviceName).toBe(
      "test",
    );
  });

  test("of both kinds fails and stays as it was", () => {
    const before = good(traced({ openTelemetry: { sampleRate: "7" } }));
    const { definition, diagnostics, failed } = define(traced({ openTelemetry: {}, xTrace: {} }), before);
    expect(definition).toEqual(before);
    expect(diagnostics).toMatchObject([{ code: "config-conflict", key: "spec.monitor.tracing" }]);
    expect(failed).toBeDefined();
  });

  test("without a collector is off, and says so", () => {
    const { definition, diagnostics, failed } = gatewayDefinition(
      config(traced({ xTrace: { sampleRate: "1" } })),
      DEFAULT_GATEWAY_SETTINGS,
    );
    expect(definition?.settings.tracing).toBeUndefined();
    expect(diagnostics).toMatchObject([
      { code: "config-no-effect", severity: "warning", key: "spec.monitor.tracing.xTrace" },
    ]);
    expect(failed).toBeUndefined();
  });
});

test("the log service's key turns the access log on, whatever its value", () => {
  const sls = (value: object) => ({ monitor: { logging: { sls: value } } });
  expect(good(sls({ reuseProject: "" })).settings.accessLog).toBe("json");
  expect(good(sls({})).settings.accessLog).toBe("off");
  expect(codes(sls({ reuseProject: "p" }))).toEqual([
    ["config-no-effect", "spec.monitor.logging.sls.reuseProject"],
  ]);
});

test("hardware acceleration is spoken of only where it was asked for", () => {
  const tls = (enableHardwareAcceleration: boolean) => ({ global: { tls: { enableHardwareAcceleration } } });
  expect(define(tls(true)).diagnostics).toMatchObject([{ code: "config-no-effect", severity: "info" }]);
  expect(define(tls(false)).diagnostics).toEqual([]);
});

describe("a reused gateway", () => {
  const reused = {
    id: "gw-1",
    ...lists({ whitelist: ["10.0.0.0/8"] }),
    ingress: { local: { ingressClass: "a" } },
  };

  test("is bound, and keeps its settings", () => {
    expect(define(reused).definition).toEqual({
      name: "test",
      listens: { config: "test", ingressClass: "a" },
      settings: base,
    });
    expect(codes(reused)).toEqual([["config-no-effect", "spec.global.ipAccessControl.whitelist"]]);
  });

  test("stays as it was once it is bound", () => {
    const before = good({ ingress: { local: { ingressClass: "b" } } });
    expect(define(reused, before).definition).toEqual(before);
  });

  test("is taken over by override, which names what is reset", () => {
    const before = good({ ingress: { local: { ingressClass: "b" } } });
    const { definition, diagnostics } = define({ ...reused, override: true }, before);
    expect(definition?.listens.ingressClass).toBe("a");
    expect(definition?.settings.ipAccess).toEqual({ allow: ["10.0.0.0/8"] });
    expect(diagnostics).toMatchObject([
      {
        code: "config-reset",
        severity: "warning",
        value:
          "ingress.local.watchNamespace, global.tls.enableHardwareAcceleration, global.ipAccessControl.blacklist, monitor.logging.sls.reuseProject, monitor.tracing",
      },
    ]);
  });

  test("with an id that cannot be used is none: what was there stays", () => {
    expect(define({ id: "lb-1" }).definition).toBeUndefined();
    const before = good({});
    expect(define({ id: "lb-1", ingress: { local: { ingressClass: "b" } } }, before).definition).toBe(before);
    expect(define({ id: "lb-1" }).failed?.message).toContain("begins with gw-");
  });

  test("is what override is about", () => {
    expect(codes({ override: true })).toEqual([["config-no-effect", "spec.override"]]);
  });
});
