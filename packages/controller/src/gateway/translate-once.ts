import type { GatewayView } from "@sluice/explain";
import { features } from "@sluice/features";
import {
  type Certificate,
  compareDiagnostics,
  type Diagnostic,
  type GatewaySettings,
  type KubeObject,
  type Resource,
} from "@sluice/model";
import { gatewayDefinition } from "@sluice/mse-ingress-config";
import { createStore, type Store } from "@sluice/store";
import { gatewayChoice, gatewaySettings, translateSettings } from "../config/gateway-settings.ts";
import type { Settings } from "../config/settings.ts";
import { distinct } from "./control-plane.ts";
import { followDefinitions, type GatewayChoice } from "./definitions.ts";
import { createGateways } from "./gateways.ts";
import { internalError } from "./internal-error.ts";
import type { ModelState } from "./model-state.ts";

export interface TranslateOnceInput {
  readonly objects: readonly KubeObject[];
  /** What the source of the objects found; told along with the rest. */
  readonly diagnostics?: readonly Diagnostic[];
}

/** What one gateway would do. */
export interface JudgedGateway {
  readonly name: string;
  readonly model: ModelState;
  /** What explain looks up. */
  readonly view: GatewayView;
  /** What an Envoy with all extensions would be served, in no particular order. */
  readonly resources: readonly Resource[];
  /** What there is to say of it, and of what no gateway has. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What the gateways would do with a set of objects. */
export interface OneShot {
  /** By name. None: with `managed`, where there is no MseIngressConfig of which anything is good. */
  readonly gateways: readonly JudgedGateway[];
  /** Of all gateways, each finding once. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Translates objects by the very parts that `sluice run` has, once: nothing is watched and nothing is served. MseIngressConfigs
 * that no gateway here stands for are judged as well. Never throws because of the objects; where Sluice itself fails on one,
 * that is a diagnostic too.
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
  // There is nothing more to come.
  store.registerSource("input").synced();
  store.setDiagnostics("file", input.diagnostics ?? []);
  const translate = await translateSettings(settings);
  const choice = gatewayChoice(settings);
  const base = gatewaySettings(settings);
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
    takesAnyNode: choice.kind !== "managed",
    whenIdle: () => Promise.resolve(),
  });
  followDefinitions({ store, choice, base, gateways });
  const others = [...configFindings(store, choice, base), ...failures];
  const withOthers = (found: readonly Diagnostic[]): readonly Diagnostic[] =>
    distinct([...found, ...others]).sort(compareDiagnostics);
  return {
    gateways: gateways.list().map((gateway) => ({
      name: gateway.name,
      model: gateway.controlPlane.model,
      view: gateway.view,
      resources: gateway.controlPlane.renderings().flatMap(({ resources }) => [...resources.values()]),
      diagnostics: withOthers(gateways.diagnosticsOf(gateway)).filter(
        ({ origin }) =>
          choice.kind !== "managed" ||
          origin?.object.kind !== "MseIngressConfig" ||
          origin.object.name === gateway.name,
      ),
    })),
    diagnostics: withOthers(gateways.diagnostics()),
  };
}

/** What there is to say of MseIngressConfigs besides what the gateways of the choice say. */
function configFindings(store: Store, choice: GatewayChoice, base: GatewaySettings): readonly Diagnostic[] {
  const configs = store.graph.untracked(() => store.list("MseIngressConfig"));
  if (choice.kind === "managed") return configs.length === 0 ? [NO_CONFIG] : [];
  return configs
    .filter(({ metadata }) => choice.kind !== "config" || metadata.name !== choice.name)
    .flatMap((config) => gatewayDefinition(config, base).diagnostics);
}

const NO_CONFIG: Diagnostic = {
  code: "config-missing",
  severity: "error",
  message:
    "There is no MseIngressConfig among the objects, and with managed one for each gateway: nothing is served.",
  expected: "at least one MseIngressConfig",
  hint: "Add it to the folders and files, or judge a single gateway without --managed.",
};
