import type { Feature, NodeCapabilities } from "@sluice/feature-api";
import { DEFAULT_GATEWAY_SETTINGS, type Diagnostic, type Origin, type Policies } from "@sluice/model";

/** The features by what a node can do. */
export interface ActiveFeatures {
  /** Those that the node has all extensions for, in the order given. */
  readonly active: readonly Feature[];
  /** The others, with what the node lacks. */
  readonly lacking: readonly { readonly feature: Feature; readonly missing: readonly string[] }[];
}

/** Sorts out the features that a node can serve. */
export function activeFeatures(features: readonly Feature[], capabilities: NodeCapabilities): ActiveFeatures {
  const all = features.map((feature) => ({
    feature,
    missing: requirementsOf(feature).filter((name) => !capabilities.has(name)),
  }));
  return {
    active: all.filter(({ missing }) => missing.length === 0).map(({ feature }) => feature),
    lacking: all.filter(({ missing }) => missing.length > 0),
  };
}

/**
 * The extensions that a node must have for a feature, named as Envoy lists them, that is without the host of a type
 * URL: those that it declares, and the filters that it installs.
 */
export function requirementsOf(feature: Feature): readonly string[] {
  const installed = [
    ...(feature.httpFilters?.(DEFAULT_GATEWAY_SETTINGS) ?? []),
    ...(feature.edgeFilters?.() ?? []).map(({ filter }) => filter),
  ];
  const filters = installed.flatMap(({ typedConfig }) => typedConfig?.typeUrl ?? []);
  return [...new Set([...(feature.requires ?? []), ...filters].map(extensionName))];
}

/** The name of the message that a type URL stands for; what is none stays as it is. */
function extensionName(typeUrl: string): string {
  return typeUrl.replace("type.googleapis.com/", "");
}

/** What becomes of policies that the node cannot serve. */
export interface Shortfall {
  /** True: one of them protects, so what it protects must be closed. */
  readonly denied: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

const NO_SHORTFALL: Shortfall = { denied: false, diagnostics: [] };

/** Finds the policies of features that the node lacks extensions for. */
export function shortfall(
  { lacking }: ActiveFeatures,
  policies: Policies,
  origin: Origin | undefined,
): Shortfall {
  const hit = lacking.filter(({ feature }) => policies[feature.id] !== undefined);
  if (hit.length === 0) return NO_SHORTFALL;
  return {
    denied: hit.some(({ feature }) => feature.onInvalid === "deny"),
    diagnostics: hit.map(({ feature, missing }) => {
      const deny = feature.onInvalid === "deny";
      return {
        code: "annotation-unsupported",
        severity: deny ? "error" : "warning",
        ...(origin && { origin: { object: origin.object } }),
        message: `The connected Envoy lacks ${missing.join(", ")}, which "${feature.title}" needs: ${
          deny ? "what it protects answers 503" : "it has no effect"
        }.`,
      };
    }),
  };
}
