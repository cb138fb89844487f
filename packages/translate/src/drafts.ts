import {
  DRAFT_STAGES,
  type DraftContext,
  type DraftStage,
  type Feature,
  type RouteDraft,
} from "@sluice/feature-api";
import { type Backend, type BackendTarget, backendName, type Policies } from "@sluice/model";

/** Runs the draft hooks of the given stages, in order of stage, then feature. */
export function runDraftStages(
  draft: RouteDraft,
  stages: readonly DraftStage[],
  features: readonly Feature[],
  policies: Policies,
  context: (feature: Feature) => DraftContext,
): RouteDraft {
  let result = draft;
  for (const stage of stages) {
    for (const feature of features) {
      const policy = policies[feature.id];
      if (feature.draftStage !== stage || feature.draft === undefined || policy === undefined) continue;
      result = feature.draft(result, policy, context(feature));
      if (result.dropped) return result;
    }
  }
  return result;
}

/** The stages after `match`: what a canary runs again with its own backends. */
export const AFTER_MATCH: readonly DraftStage[] = DRAFT_STAGES.filter((stage) => stage !== "match");

/** The stages that say where a route goes if all is well, and those after them. */
export const UP_TO_BACKEND: readonly DraftStage[] = ["match", "backend"];
export const AFTER_BACKEND: readonly DraftStage[] = DRAFT_STAGES.filter(
  (stage) => !UP_TO_BACKEND.includes(stage),
);

/** A backend without a variant. */
export function plainBackend(target: BackendTarget): Backend {
  return { name: backendName(target, []), target, variant: {} };
}

/** Gives the backend of a route the variant that the route's policies ask for, if any. */
export function withVariant(backend: Backend, features: readonly Feature[], policies: Policies): Backend {
  return variantOf(backend, features, policies, (feature, policy) =>
    feature.id in backend.variant ? undefined : feature.backendVariant?.(policy, backend),
  );
}

/** The backend for requests over HTTPS, by the policies of its Service: the same one, if there is no difference. */
export function withHttpsVariant(
  backend: Backend,
  features: readonly Feature[],
  policies: Policies,
): Backend {
  return variantOf(backend, features, policies, (feature, policy) => feature.httpsVariant?.(policy));
}

function variantOf(
  backend: Backend,
  features: readonly Feature[],
  policies: Policies,
  partOf: (
    feature: Feature,
    policy: unknown,
  ) => { readonly suffix: string; readonly policy: unknown } | undefined,
): Backend {
  const suffixes: string[] = [];
  const variant: Record<string, unknown> = { ...backend.variant };
  for (const feature of features) {
    const policy = policies[feature.id];
    const part = policy === undefined ? undefined : partOf(feature, policy);
    if (part === undefined) continue;
    suffixes.push(part.suffix);
    variant[feature.id] = part.policy;
  }
  if (suffixes.length === 0) return backend;
  const own = backend.name.split("/").slice(3);
  return { ...backend, name: backendName(backend.target, [...own, ...suffixes]), variant };
}
