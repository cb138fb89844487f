import { askMark, type Feature, type References, type RouteDraft } from "@sluice/feature-api";
import type {
  Backend,
  BackendTarget,
  Diagnostic,
  ForwardAction,
  Origin,
  Policies,
  RedirectAction,
  RespondAction,
  Route,
  RouteAction,
  WeightedBackend,
} from "@sluice/model";
import { targetKey } from "@sluice/model";
import type { TranslateContext } from "./context.ts";
import { AFTER_MATCH, runDraftStages, withHttpsVariant, withVariant } from "./drafts.ts";
import { draftContext, type IngressRoute, type IngressRules } from "./ingress-rules.ts";
import { sharedPods } from "./shared-pods.ts";
import { unheededKeys } from "./unheeded-keys.ts";
import { type RuleVariant, variantRoutes } from "./variants.ts";

/** A canary's route together with its Ingress. */
export interface Canary {
  readonly rules: IngressRules;
  readonly route: IngressRoute;
}

/** What the routes of one host share. */
export interface HostFacts {
  readonly hostHasCertificate: boolean;
  /** Policies of scope domain. */
  readonly domainPolicies: Policies;
  /** Protections of scope domain that could not be built. */
  readonly domainDenied: readonly string[];
  /** What requests get that come without TLS. */
  readonly withoutTls?: RespondAction;
  /** Merged policies of scope service, and protections among them that could not be built. Recorded. */
  readonly servicePolicies: (service: string) => { policies: Policies; denied: readonly string[] };
  readonly references: (namespace: string) => References;
}

/** The routes of one main rule with its canaries, in order. */
export function ruleRoutes(
  main: Canary,
  canaries: readonly Canary[],
  facts: HostFacts,
  context: TranslateContext,
): { readonly routes: readonly Route[]; readonly diagnostics: readonly Diagnostic[] } {
  const variants = canaries.map(
    (canary): RuleVariant<Canary> => ({
      name: canary.route.ingress.metadata.name,
      // Only Ingresses with a variant become canaries; the fallback has no claim and no weight.
      variant: canary.rules.variant ?? NO_VARIANT,
      payload: canary,
    }),
  );
  const { routes, overweight } = variantRoutes(variants);
  const built = routes.map((part): Route => {
    const canary = part.takes?.payload;
    const name = canary === undefined ? main.route.name : `${main.route.name}/canary/${part.takes?.name}`;
    const policies = canary === undefined ? main.rules.own.policies : canaryPolicies(main, canary, context);
    const draft =
      canary === undefined ? main.route.draft : canaryDraft(main, canary, policies, facts, context);
    return buildRoute(
      {
        name: `${name}${part.suffix}`,
        origins: canary === undefined ? [main.route.origin] : [canary.route.origin, main.route.origin],
        draft: { ...draft, conditions: [...draft.conditions, ...part.conditions] },
        below: part.below,
        policies,
        denied: main.rules.own.denied,
        rulePath: main.route.rulePath,
      },
      facts,
      context,
    );
  });
  return {
    routes: built,
    diagnostics: [
      ...(overweight === undefined ? [] : canaries.slice(0, 1).map((first) => tooHeavy(first, overweight))),
      ...sharedPods(main, canaries, facts, context),
      ...unheededKeys(main, canaries, context),
    ],
  };
}

const NO_VARIANT = { claim: [], refuse: [], cookieClaim: [], cookieRefuse: [], weight: 0 };

/** The main rule's policies, but for the features that a canary has on its own. */
function canaryPolicies(main: Canary, canary: Canary, context: TranslateContext): Policies {
  const policies: Record<string, unknown> = {};
  for (const feature of context.byScope.route) {
    const source = feature.perVariant ? canary : main;
    const policy = source.rules.own.policies[feature.id];
    if (policy !== undefined) policies[feature.id] = policy;
  }
  for (const { id } of context.byScope.service) {
    const mark = main.rules.own.policies[askMark(id)];
    if (mark !== undefined) policies[askMark(id)] = mark;
  }
  return policies;
}

/** The main rule's match with the canary's backends; hooks behind matching run again on them, unheard. */
function canaryDraft(
  main: Canary,
  canary: Canary,
  policies: Policies,
  facts: HostFacts,
  context: TranslateContext,
): RouteDraft {
  const { backend } = canary.route;
  const { path, conditions } = main.route.draft;
  const own = { ...canary.rules.own, policies };
  const start: RouteDraft = {
    path,
    conditions,
    backends: backend === undefined ? [] : [{ backend, weight: 1 }],
  };
  const hooks = draftContext(
    {
      ref: canary.rules.ref,
      own,
      context,
      references: facts.references(canary.rules.ref.namespace),
      diagnostics: [],
    },
    main.route.rulePath,
    backend,
  );
  return runDraftStages(start, AFTER_MATCH, context.byScope.route, policies, hooks);
}

interface RouteInput {
  readonly name: string;
  readonly origins: readonly Origin[];
  readonly draft: RouteDraft;
  readonly below: number | undefined;
  readonly policies: Policies;
  readonly denied: readonly string[];
  readonly rulePath: string;
}

function buildRoute(input: RouteInput, facts: HostFacts, context: TranslateContext): Route {
  const { draft } = input;
  const own: Policies = { ...input.policies, ...draft.extraPolicies };
  const services = draft.backends.map(({ backend: { target } }) => sharedOf(target, facts));
  const service = services[0] ?? NO_SERVICE;
  const backends = draft.backends.map((weighted, index): WeightedBackend => {
    const backend = withVariant(weighted.backend, context.features, own);
    const httpsBackend = withHttpsVariant(backend, context.features, services[index]?.policies ?? {});
    return { ...weighted, backend, ...(httpsBackend !== backend && { httpsBackend }) };
  });
  const beside = {
    ...besideOf("mirror", draft.mirror, facts, context),
    ...besideOf("errorPages", draft.errorPages, facts, context),
  };
  const ofServices = services.flatMap(({ denied }, index) =>
    (draft.backends[index]?.weight ?? 0) > 0 ? denied : [],
  );
  const denied = [...new Set([...input.denied, ...facts.domainDenied, ...ofServices])];
  const httpAction = httpRedirect(context.features, own, input.rulePath, facts, context);
  return {
    name: input.name,
    origins: input.origins,
    match: {
      path: draft.path,
      conditions: draft.conditions,
      ...(input.below === undefined ? {} : { below: input.below }),
    },
    action: actionOf(draft, backends, beside, denied),
    ...(httpAction === undefined ? {} : { httpAction }),
    ...(facts.withoutTls === undefined ? {} : { withoutTls: facts.withoutTls }),
    policies: { ...service.policies, ...facts.domainPolicies, ...own },
  };
}

function sharedOf(target: BackendTarget, facts: HostFacts): typeof NO_SERVICE {
  return target.kind === "service" ? facts.servicePolicies(targetKey(target)) : NO_SERVICE;
}

const NO_SERVICE: { policies: Policies; denied: readonly string[] } = { policies: {}, denied: [] };

function actionOf(
  draft: RouteDraft,
  backends: readonly WeightedBackend[],
  beside: Pick<ForwardAction, "mirror" | "errorPages">,
  denied: readonly string[],
): RouteAction {
  if (denied.length > 0)
    return { kind: "respond", status: 503, reason: `protection could not be built: ${denied.join(", ")}` };
  if (draft.answer !== undefined) return draft.answer;
  const weighted = backends.filter(({ weight }) => weight > 0);
  if (weighted.length === 0) return { kind: "respond", status: 503, reason: "no backend" };
  return { kind: "forward", backends: weighted, ...beside };
}

/** What the draft has beside its backends under this name; nothing if what protects the way to it could not be built. */
function besideOf<N extends "mirror" | "errorPages", T extends { readonly backend: Backend }>(
  name: N,
  wanted: T | undefined,
  facts: HostFacts,
  context: TranslateContext,
): { readonly [K in N]?: T & { readonly httpsBackend?: Backend } } {
  if (wanted === undefined) return {};
  const { backend } = wanted;
  const { policies, denied } = sharedOf(backend.target, facts);
  if (denied.length > 0) return {};
  const httpsBackend = withHttpsVariant(backend, context.features, policies);
  const made = { ...wanted, ...(httpsBackend !== backend && { httpsBackend }) };
  // A computed key of a type parameter widens to an index signature.
  return { [name]: made } as { readonly [K in N]: typeof made };
}

function httpRedirect(
  features: readonly Feature[],
  policies: Policies,
  rulePath: string,
  facts: HostFacts,
  context: TranslateContext,
): RedirectAction | undefined {
  for (const feature of features) {
    const redirect = feature.httpRedirect?.(policies[feature.id], {
      hostHasCertificate: facts.hostHasCertificate,
      rulePath,
      defaultRedirect: context.settings.sslRedirect,
      httpsPort: context.settings.httpsPort,
    });
    if (redirect !== undefined) return redirect;
  }
  return undefined;
}

function tooHeavy(canary: Canary, { sum, total }: { sum: number; total: number }): Diagnostic {
  const { ref } = canary.rules;
  return {
    code: "canary-weight",
    severity: "warning",
    origin: canary.route.origin,
    key: "canary-weight",
    value: `${sum}`,
    message: `The weights of the canaries of this rule add up to ${sum}, more than the total of ${total}: the main rule gets nothing.`,
    expected: `weights that add up to at most ${total}`,
    hint: `Lower a weight, or raise canary-weight-total on ${ref.namespace}/${ref.name}.`,
  };
}
