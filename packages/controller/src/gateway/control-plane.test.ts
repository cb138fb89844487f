import { defineFeature, enumType, key } from "@sluice/feature-api";
import { any } from "@sluice/protos";
import { loadFiles } from "@sluice/source-file";
import { createStore } from "@sluice/store";
import { expect, test } from "vitest";
import { settingsForTranslation } from "../config/gateway-settings.ts";
import { Settings } from "../config/settings.ts";
import { shop } from "../debug/testing/debug-bench.ts";
import { createControlPlane } from "./control-plane.ts";

test("a state that is in the middle of a change is not rendered, and what it came to is, as one change", async () => {
  const store = createStore();
  let mayRender = true;
  let rendered = 0;
  const controlPlane = createControlPlane({
    store,
    features: [],
    ...(await settingsForTranslation(Settings.parse({}))),
    whenIdle: () => Promise.resolve(),
    mayRender: () => mayRender,
    observer: { resourceRendered: () => {}, changeRendered: () => rendered++ },
  });
  const names = () =>
    controlPlane
      .renderings()
      .flatMap(({ resources }) =>
        [...resources.values()].map(({ name }) => name).filter((name) => name.includes("/shop.example")),
      );
  const apply = (yaml: string): void =>
    store.apply({ set: loadFiles(["-"], { stdin: yaml }).objects, removed: [] });
  rendered = 0;
  mayRender = false;
  apply(shop("shop.example"));
  apply(shop("news.example", {}, "news"));
  expect([rendered, names()]).toEqual([0, []]);
  mayRender = true;
  controlPlane.flush();
  expect([rendered, names()]).toEqual([1, ["http/shop.example", "https/shop.example"]]);
  controlPlane.stop();
});

const LUA = "envoy.extensions.filters.http.lua.v3.Lua";

test.each([
  ["has", [LUA], []],
  ["lacks", [], ["annotation-unsupported"]],
])("a node that %s the filter of a feature", async (_what, extensions, expected) => {
  const store = createStore();
  const scripted = defineFeature({
    id: "scripted",
    title: "Scripted",
    scope: "route",
    onInvalid: "ignore",
    keys: { scripted: key(enumType(["on"]), { doc: "A script.", example: "on" }) },
    parse: (values) => values.scripted,
    stage: "mutate",
    httpFilters: () => [{ name: "scripted", disabled: true, typedConfig: any(LUA, {}) }],
  });
  const controlPlane = createControlPlane({
    store,
    features: [scripted],
    ...(await settingsForTranslation(Settings.parse({}))),
    whenIdle: () => Promise.resolve(),
  });
  const yaml = shop("shop.example", { "mse.ingress.kubernetes.io/scripted": "on" });
  store.apply({ set: loadFiles(["-"], { stdin: yaml }).objects, removed: [] });
  const { name } = controlPlane.renderingFor(new Set(extensions));
  expect(name).toBe(extensions.length === 0 ? `without ${LUA}` : "full");
  const codes = controlPlane.diagnostics().map(({ code }) => code);
  expect(codes.filter((code) => code === "annotation-unsupported")).toEqual(expected);
  controlPlane.stop();
});
