import { features } from "@sluice/features";
import {
  type Certificate,
  compareDiagnostics,
  type Diagnostic,
  type KubeObject,
  type Resource,
} from "@sluice/model";
import { createStore, type Store } from "@sluice/store";
import { gatewayChoice, gatewaySettings, translateSettings } from "../config/gateway-settings.ts";
import type { Settings } from "../config/settings.ts";
import { followDefinitions } from "./definitions.ts";
import { createGateways } from "./gateways.ts";
import { internalError } from "./internal-error.ts";
import type { ModelState } from "./model-state.ts";

export interface TranslateOnceInput {
  readonly objects: readonly KubeObject[];
  /** What the source of the objects found; told along with the rest. */
  readonly diagnostics?: readonly Diagnostic[];
}

/** What the gateway would do with a set of objects. */
export interface OneShot {
  readonly store: Store;
  readonly model: ModelState;
  /** What an Envoy with all extensions would be served, in no particular order. */
  readonly resources: readonly Resource[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Translates objects by the very parts that `sluice run` has, once: nothing is watched and nothing is served. Never
 * throws because of the objects; where Sluice itself fails on one, that is a diagnostic too.
 */
export async function translateOnce(
  input: TranslateOnceInput,
  settings: Settings,
  defaultCertificate?: Certificate,
): Promise<OneShot> {
  const failures: Diagnostic[] = [];
  const store = createStore({
    onError: (name, key, error) => failures.push(internalError(name, key, error)),
  });
  store.apply({ set: input.objects, removed: [] });
  store.setDiagnostics("file", input.diagnostics ?? []);
  const translate = await translateSettings(settings);
  // Not stopped at the end, for that would empty the model; it holds on to nothing outside.
  const gateways = createGateways({
    store,
    features,
    translate: {
      ...translate,
      ...(defaultCertificate && { defaultCertificate }),
      // That it is not among these objects says nothing.
      ...(translate.defaultSecret && { defaultSecret: { ...translate.defaultSecret, expected: false } }),
    },
    controller: settings.controllerName,
    takesAnyNode: true,
    whenIdle: () => Promise.resolve(),
  });
  const choice = gatewayChoice(settings);
  followDefinitions({ store, choice, base: gatewaySettings(settings), gateways });
  const [gateway] = gateways.list();
  if (gateway === undefined) throw new Error("there is no gateway");
  const { controlPlane } = gateway;
  return {
    store,
    model: controlPlane.model,
    resources: controlPlane.renderings().flatMap(({ resources }) => [...resources.values()]),
    diagnostics: [...gateways.diagnostics(), ...failures].sort(compareDiagnostics),
  };
}
