import { features } from "@sluice/features";
import { DEFAULT_GATEWAY_SETTINGS, type KubeObject } from "@sluice/model";
import { createStore, type Store } from "@sluice/store";
import { TEST_SETTINGS } from "@sluice/translate/testing";
import { type ControlPlane, createControlPlane } from "../gateway/control-plane.ts";

export interface PlaneOf {
  readonly store: Store;
  readonly plane: ControlPlane;
}

/**
 * For tests and benchmarks: a control plane with all features over objects. An exception in a derivation is thrown, where a gateway
 * would report it and go on.
 */
export function planeOf(
  objects: readonly KubeObject[],
  settings: Partial<typeof TEST_SETTINGS> = {},
): PlaneOf {
  const store = createStore({
    onError(name, key, error) {
      throw new Error(`${name} of ${key} failed`, { cause: error });
    },
  });
  store.apply({ set: objects, removed: [] });
  const plane = createControlPlane({
    store,
    features,
    translate: { ...TEST_SETTINGS, ...settings },
    gateway: DEFAULT_GATEWAY_SETTINGS,
    whenIdle: () => Promise.resolve(),
  });
  return { store, plane };
}
