import type { Feature, NodeCapabilities } from "@sluice/feature-api";
import type { Diagnostic, Origin, Policies } from "@sluice/model";

/** The features by what a node can do. */
export interface ActiveFeatures {
  /** Those that the node has all extensions for, in the order given. */
  readonly active: readonly Feature[];
  /** The others, with what the node lacks. */
  readonly lacking: readonly { readonly feature: Feature; readonly missing: readonly string[] }[];
}

/** Sorts out the features that a node can serve. The filters that a feature installs count as required. */
export function activeFeatures(features: readonly Feature[], capabilities: NodeCapabilities): ActiveFeatures {
  const all = features.map((feature) => ({
    feature,
    missing: requirements(feature).filter((name) => !capabilities.has(name)),
  }));
  return {
    active: all.filter(({ missing }) => missing.length === 0).map(({ feature }) => feature),
    lacking: all.filter(({ missing }) => missing.length > 0),
  };
}

function requirements(feature: Feature): readonly string[] {
  const filters = (feature.httpFilters?.() ?? []).map((filter) => filter.typedConfig?.typeUrl);
  return [...new Set([...(feature.requires ?? []), ...filters.filter((url) => url !== undefined)])];
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
