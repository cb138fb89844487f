import type { Variant } from "@sluice/feature-api";
import type { Condition } from "@sluice/model";

/** A canary of one main rule, in words of matching. `T` is whatever the caller needs to make its routes. */
export interface RuleVariant<T> {
  readonly name: string;
  readonly variant: Variant;
  readonly payload: T;
}

/** One route of a rule with canaries: further conditions, a share, and who takes it (undefined: the main rule). */
export interface VariantRoute<T> {
  readonly takes: RuleVariant<T> | undefined;
  /** Added to the name where one canary needs several routes. */
  readonly suffix: string;
  readonly conditions: readonly Condition[];
  readonly below?: number;
}

const MILLION = 1_000_000;

/**
 * Spreads a rule over its canaries (oldest first), as an ordered list of routes that ends with the main rule's.
 *
 * Tiers as the annotation reference has them: claims by header and query, then by cookie, then weights. Shares
 * add up along the list because a request has one random number: what canary k gets is what lies between the sum
 * of the weights before it and that sum with its own. A request that a canary's `never` excludes falls in the same
 * interval, but to the main rule: hence the refusing route before each weighted one.
 */
export function variantRoutes<T>(variants: readonly RuleVariant<T>[]): {
  readonly routes: readonly VariantRoute<T>[];
  /** Set when the weights add up to more than their total. */
  readonly overweight?: { readonly sum: number; readonly total: number };
} {
  const routes: VariantRoute<T>[] = [];
  for (const takes of variants)
    if (takes.variant.claim.length > 0) routes.push({ takes, suffix: "", conditions: takes.variant.claim });
  for (const takes of variants)
    if (takes.variant.cookieClaim.length > 0)
      routes.push({
        takes,
        suffix: "/cookie",
        conditions: [...takes.variant.refuse.map(negated), ...takes.variant.cookieClaim],
      });
  const weighted = weightedRoutes(variants);
  return {
    routes: [...routes, ...weighted.routes, { takes: undefined, suffix: "", conditions: [] }],
    ...(weighted.overweight === undefined ? {} : { overweight: weighted.overweight }),
  };
}

function weightedRoutes<T>(variants: readonly RuleVariant<T>[]) {
  // The oldest canary that shares by weight decides; what it leaves out is the documented default.
  const decides = variants.find(({ variant }) => variant.total !== undefined || variant.weight > 0);
  const declared = decides?.variant.total ?? 100;
  const sum = variants.reduce((all, { variant }) => all + variant.weight, 0);
  const total = Math.max(declared, sum);
  const routes: VariantRoute<T>[] = [];
  let reached = 0;
  for (const takes of variants) {
    if (takes.variant.weight === 0) continue;
    reached += takes.variant.weight;
    const below = reached >= total ? {} : { below: Math.round((reached / total) * MILLION) };
    [...takes.variant.refuse, ...takes.variant.cookieRefuse].forEach((condition, index) => {
      routes.push({
        takes: undefined,
        suffix: `/not/${takes.name}/${index}`,
        conditions: [condition],
        ...below,
      });
    });
    routes.push({ takes, suffix: "/weight", conditions: [], ...below });
  }
  return {
    routes,
    overweight: variants.length > 1 && sum > declared ? { sum, total: declared } : undefined,
  };
}

function negated(condition: Condition): Condition {
  return { ...condition, negate: !condition.negate };
}
