import { DEFAULT_GATEWAY_SETTINGS, type GatewayDefinition, type MseIngressConfig } from "@sluice/model";
import { createStore } from "@sluice/store";
import { describe, expect, onTestFinished, test } from "vitest";
import { followDefinitions, type GatewayChoice } from "./definitions.ts";

/** Definitions over an empty store that has nothing more to come, and what the gateways were told. */
function follow(choice: GatewayChoice, ...configs: readonly MseIngressConfig[]) {
  const store = createStore();
  store.apply({ set: configs, removed: [] });
  const source = store.registerSource("test");
  const gateways = new Map<string, GatewayDefinition>();
  const deleted: string[] = [];
  const missing: (string | undefined)[] = [];
  const defined: string[] = [];
  const definitions = followDefinitions({
    store,
    choice,
    base: DEFAULT_GATEWAY_SETTINGS,
    gateways: {
      set: (definition) => void gateways.set(definition.name, definition),
      delete(name) {
        if (gateways.delete(name)) deleted.push(name);
      },
    },
    onDefined: (name, result) => defined.push(`${name} ${result === undefined ? "gone" : "there"}`),
    onMissing: (words) => missing.push(words),
  });
  onTestFinished(() => definitions.stop());
  return {
    store,
    definitions,
    gateways,
    deleted,
    defined,
    missing,
    set: (...objects: readonly MseIngressConfig[]) => store.apply({ set: objects, removed: [] }),
    remove: (name: string) =>
      store.apply({ set: [], removed: [{ kind: "MseIngressConfig", namespace: "", name }] }),
    codes: () => store.diagnostics().map(({ code }) => code),
    async sync() {
      source.synced();
      await store.whenSynced();
      // What waits for it, has waited longer.
      await Promise.resolve();
    },
  };
}

function config(name: string, spec: Readonly<Record<string, unknown>> = {}): MseIngressConfig {
  return {
    kind: "MseIngressConfig",
    metadata: { namespace: "", name, labels: {}, annotations: {} },
    spec,
  };
}

const blacklist = (...list: readonly string[]) => ({ global: { ipAccessControl: { blacklist: list } } });
const listens = (ingressClass: unknown) => ({ ingress: { local: { ingressClass } } });
const MANAGED = { kind: "managed" } as const;

describe("with managed", () => {
  test("a gateway comes with its config, goes with it, and is made again as the new one says", () => {
    const { gateways, deleted, defined, set, remove } = follow(MANAGED, config("a", listens("one")));
    set(config("b"));
    expect([...gateways.keys()]).toEqual(["a", "b"]);
    remove("a");
    expect([[...gateways.keys()], deleted]).toEqual([["b"], ["a"]]);
    // Of the former one nothing is left, also not as a last good value.
    set(config("a", listens(7)));
    expect(gateways.get("a")?.listens).toEqual({ config: "a" });
    expect(defined).toEqual(["a there", "b there", "a gone", "a there"]);
  });

  test("the last good definition stays where a part is bad, and everything else is in force", () => {
    const { gateways, codes, set } = follow(
      MANAGED,
      config("a", { ...listens("one"), ...blacklist("192.0.2.1") }),
    );
    const good = gateways.get("a")?.settings.ipAccess;
    expect(good).toBeDefined();
    set(config("a", { ...listens("two"), ...blacklist("192.0.2.1", "nonsense") }));
    expect(gateways.get("a")?.listens).toEqual({ config: "a", ingressClass: "two" });
    expect(gateways.get("a")?.settings.ipAccess).toEqual(good);
    set(config("a", { ...listens(7), ...blacklist("198.51.100.1") }));
    expect(gateways.get("a")?.listens).toEqual({ config: "a", ingressClass: "two" });
    expect(gateways.get("a")?.settings.ipAccess).not.toEqual(good);
    expect(codes()).toEqual(["config-value"]);
    set(config("a", listens("two")));
    expect(codes()).toEqual([]);
    expect(gateways.get("a")?.settings.ipAccess).toBeUndefined();
  });

  test("a bad address list with none known lets nobody in, but for the one of before this process", () => {
    const bad = config("a", blacklist("nonsense"));
    const closed = follow(MANAGED, bad);
    expect(closed.codes()).toEqual(["config-value-denied", "config-value"]);
    const good = follow(MANAGED, config("a", blacklist("192.0.2.1"))).gateways.get("a")?.settings.ipAccess;
    const kept = follow(MANAGED, { ...bad, lastGood: blacklist("192.0.2.1") });
    expect(kept.gateways.get("a")?.settings.ipAccess).toEqual(good);
    expect(kept.codes()).toEqual(["config-value"]);
    const access = closed.gateways.get("a")?.settings.ipAccess;
    expect(access).toBeDefined();
    expect(access).not.toEqual(good);
    // A spec that cannot be read as a whole is no gateway.
    const unknown = follow(MANAGED, config("a", { id: 7 }));
    expect([...unknown.gateways]).toEqual([]);
    closed.set(config("a", blacklist("192.0.2.1")));
    expect(closed.gateways.get("a")?.settings.ipAccess).toEqual(good);
  });
});

describe("with one config", () => {
  const choice = { kind: "config", name: "a" } as const;

  test("that is not there, the gateway serves nothing and says so, once all is known", async () => {
    const { gateways, definitions, codes, missing, set, remove, sync } = follow(
      choice,
      config("b", listens("one")),
    );
    expect(gateways.get("a")?.listens).toEqual({});
    expect([definitions.missing(), codes()]).toEqual([undefined, []]);
    await sync();
    expect([definitions.missing(), codes()]).toEqual([
      expect.stringContaining("MseIngressConfig a"),
      ["config-missing"],
    ]);
    set(config("a", listens("one")));
    expect([...gateways.keys()]).toEqual(["a"]);
    expect(gateways.get("a")?.listens).toEqual({ config: "a", ingressClass: "one" });
    expect([definitions.missing(), codes()]).toEqual([undefined, []]);
    remove("a");
    expect(gateways.get("a")?.listens).toEqual({});
    expect(missing).toEqual([
      expect.stringMatching(/a, .*does not exist/),
      undefined,
      expect.stringMatching(/a, .*does not exist/),
    ]);
  });

  test("that cannot be used, it says that", async () => {
    const { definitions, codes, sync } = follow(choice, config("a", { id: 7 }));
    await sync();
    expect(definitions.missing()).toMatch(/a, .*cannot be used: nothing is served/);
    expect(codes()).toEqual(["config-value"]);
  });
});

test("a gateway of the process's own is as the operator says, and no config changes it", async () => {
  const definition = { name: "own", listens: { ingressClass: "x" }, settings: DEFAULT_GATEWAY_SETTINGS };
  const { gateways, definitions, sync, set } = follow({ kind: "own", definition });
  await sync();
  set(config("own", listens("one")));
  expect([...gateways.values()]).toEqual([definition]);
  expect(definitions.missing()).toBeUndefined();
});
