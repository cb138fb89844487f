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
