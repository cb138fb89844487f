import { createControlPlane, Settings, settingsForTranslation } from "@sluice/controller";
import { features } from "@sluice/features";
import { loadFiles } from "@sluice/source-file";
import { createStore } from "@sluice/store";

/** Prints the milliseconds from `process.argv[2]`'s objects, parsed, to all resources. */
const [, , folder = ""] = process.argv;
const { objects } = await loadFiles([folder]);
const { translate, gateway } = await settingsForTranslation(Settings.parse({}));
const store = createStore();
const start = performance.now();
store.apply({ set: objects, removed: [] });
const controlPlane = createControlPlane({
  store,
  features,
  translate,
  gateway,
  whenIdle: () => Promise.resolve(),
});
const ms = performance.now() - start;
const resources = controlPlane.renderings().reduce((sum, rendering) => sum + rendering.resources.size, 0);
process.stdout.write(JSON.stringify({ coldMs: ms, resources }));
