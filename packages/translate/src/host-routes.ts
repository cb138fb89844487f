import type { Feature } from "@sluice/feature-api";
import type { Route } from "@sluice/model";
import type { SharedPolicies } from "./ingress-units.ts";

/** The routes that features of scope domain put before all others of a host. */
export function hostRoutes(features: readonly Feature[], domain: SharedPolicies): Route[] {
  return features.flatMap((feature) => {
    const policy = domain.policies[feature.id];
    if (policy === undefined || feature.hostRoutes === undefined) return [];
    const origins = domain.origins[feature.id] ?? [];
    const [first] = origins;
    const prefix = first === undefined ? "" : `${first.object.namespace}/${first.object.name}/`;
    return feature.hostRoutes(policy).map(({ name, path, answer }) => ({
      name: `${prefix}${name}`,
      origins,
      match: { path, conditions: [] },
      action: answer,
      policies: {},
    }));
  });
}
