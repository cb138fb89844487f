import type {
  Condition,
  Diagnostic,
  HostTls,
  Origin,
  Passthrough,
  Policies,
  Route,
  VirtualHost,
} from "@sluice/model";
import { type ObjectKey, objectKey } from "@sluice/model";
import { compareAge } from "./age.ts";
import type { TranslateContext } from "./context.ts";
import { deepHostRegex, isWildcard } from "./host-name.ts";
import type { IngressRules } from "./ingress-rules.ts";
import { compareRoutes, conditionsKey, matchKey } from "./route-order.ts";
import { type Canary, type HostFacts, ruleRoutes } from "./rule-routes.ts";

/** The outcome for one host: a virtual host, if any rule is in force there, and what there is to say. */
export interface HostResult {
  readonly virtualHost: VirtualHost | undefined;
  /** Its routes but for those that send deeper hosts of a wildcard elsewhere. */
  readonly ownRoutes: readonly Route[];
  readonly diagnostics: readonly Diagnostic[];
  /**
   * Services (`namespace/name`) of canaries, by key of the Ingress whose rule they vary: what that Ingress says of
   * its Services holds for them too.
   */
  readonly canaryServices: ReadonlyMap<ObjectKey, ReadonlySet<string>>;
}

export interface HostInput {
  readonly host: string;
  /** All Ingresses of ours that name the host. */
  readonly ingresses: readonly IngressRules[];
  readonly facts: HostFacts;
  readonly certificate: string | undefined;
  readonly passthrough: Passthrough | undefined;
  readonly tls?: HostTls | undefined;
  /** Policies that act on the host as a whole. */
  readonly policies?: Policies;
  /** Routes of scope domain that come first. */
  readonly hostRoutes: readonly Route[];
  /** Routes of the rules without a host; read only for wildcard hosts. Recorded. */
  readonly hostless: () => readonly Route[];
}

/** Puts together the rules that all Ingresses have for one host. */
export function virtualHost(input: HostInput, context: TranslateContext): HostResult {
  const { host, facts } = input;
  const diagnostics: Diagnostic[] = [];
  const all = input.ingresses.flatMap((rules) =>
    (rules.byHost.get(host) ?? []).map((route): Canary => ({ rules, route })),
  );
  const mains = distinct(
    all.filter(({ rules }) => rules.variant === undefined).sort((a, b) => compareRoutes(a.route, b.route)),
    diagnostics,
  );
  const canaries = pair(
    mains,
    all
      .filter(({ rules }) => rules.variant !== undefined)
      .sort((a, b) => compareAge(a.route.ingress, b.route.ingress)),
    host,
    diagnostics,
  );
  const routes: Route[] = [...input.hostRoutes];
  for (const main of mains) {
    const made = ruleRoutes(main, canaries.get(main) ?? [], facts, context);
    routes.push(...made.routes);
    diagnostics.push(...made.diagnostics);
  }
  const canaryServices = servicesOfCanaries(canaries);
  return { ...hostOf(input, routes), canaryServices, diagnostics };
}

/** The virtual host that has these routes of its own; none if there are none. */
export function hostOf(
  {
    host,
    certificate,
    tls,
    policies,
    hostless,
    passthrough,
  }: Pick<HostInput, "host" | "certificate" | "tls" | "policies" | "hostless" | "passthrough">,
  routes: readonly Route[],
): Pick<HostResult, "virtualHost" | "ownRoutes"> {
  if (routes.length === 0) return { virtualHost: undefined, ownRoutes: routes };
  return {
    ownRoutes: routes,
    virtualHost: {
      host,
      routes: isWildcard(host) ? [...deepHostRoutes(host, hostless()), ...routes] : routes,
      origins: originsOf(routes),
      ...(certificate === undefined ? {} : { certificate }),
      ...(passthrough === undefined ? {} : { passthrough }),
      ...(tls === undefined ? {} : { tls }),
      ...(policies === undefined ? {} : { policies }),
    },
  };
}

function servicesOfCanaries(pairs: ReadonlyMap<Canary, readonly Canary[]>): Map<ObjectKey, Set<string>> {
  const services = new Map<ObjectKey, Set<string>>();
  for (const [main, canaries] of pairs) {
    const key = objectKey(main.rules.ref);
    const all = services.get(key) ?? new Set();
    services.set(key, all);
    for (const canary of canaries) for (const service of canary.rules.services) all.add(service);
  }
  return services;
}

/** Leaves out rules that a rule before them, which is the older one, shadows entirely. */
function distinct(sorted: readonly Canary[], diagnostics: Diagnostic[]): Canary[] {
  const winners = new Map<string, Canary>();
  for (const entry of sorted) {
    const key = matchKey(entry.route.draft);
    const winner = winners.get(key);
    if (winner === undefined) winners.set(key, entry);
    else if (!entry.route.isDefault) diagnostics.push(conflict(entry, winner));
  }
  return [...winners.values()];
}

/** Finds each canary's main rule: same path and type as written, same conditions. */
function pair(
  mains: readonly Canary[],
  canaries: readonly Canary[],
  host: string,
  diagnostics: Diagnostic[],
): Map<Canary, Canary[]> {
  const key = ({ route }: Canary): string =>
    `${route.pairKey} ${route.isDefault} ${conditionsKey(route.draft.conditions)}`;
  const byKey = new Map(mains.map((main) => [key(main), main]));
  const pairs = new Map<Canary, Canary[]>();
  for (const canary of canaries) {
    const main = byKey.get(key(canary));
    if (main === undefined) {
      if (!canary.route.isDefault) diagnostics.push(noMain(canary, host));
    } else pairs.set(main, [...(pairs.get(main) ?? []), canary]);
  }
  return pairs;
}

/**
 * Envoy's wildcard takes hosts of any depth, Kubernetes' exactly one label. Deeper hosts get the rules without a
 * host, ahead of the wildcard's own, and 404 where none of those matches.
 */
function deepHostRoutes(host: string, hostless: readonly Route[]): Route[] {
  const deep: Condition = {
    on: "header",
    name: ":authority",
    match: { kind: "regex", value: deepHostRegex(host) },
  };
  const copies = hostless.map((route) => ({
    ...route,
    match: { ...route.match, conditions: [...route.match.conditions, deep] },
  }));
  return [
    ...copies,
    {
      name: `${host}/deeper`,
      origins: [],
      match: { path: { kind: "prefix", value: "/" }, conditions: [deep] },
      action: { kind: "respond", status: 404, reason: `${host} stands for exactly one label` },
      policies: {},
    },
  ];
}

function originsOf(routes: readonly Route[]): Origin[] {
  const byKey = new Map<string, Origin>();
  for (const { origins } of routes)
    for (const { object } of origins) byKey.set(objectKey(object), { object });
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, origin]) => origin);
}

function conflict(loser: Canary, winner: Canary): Diagnostic {
  const by = winner.rules.ref;
  return {
    code: "rule-conflict",
    severity: "warning",
    origin: loser.route.origin,
    key: loser.route.origin.field ?? "",
    value: loser.route.rulePath,
    message: `The same host, path and conditions are in the older Ingress ${by.namespace}/${by.name} (${winner.route.origin.field}), which takes the traffic.`,
    hint: "Remove one of the two rules, or tell them apart by conditions.",
  };
}

function noMain(canary: Canary, host: string): Diagnostic {
  return {
    code: "canary-without-main",
    severity: "warning",
    origin: canary.route.origin,
    key: canary.route.origin.field ?? "",
    value: canary.route.rulePath,
    message: `This canary has no main rule with host ${host}, path ${JSON.stringify(canary.route.rulePath)}, its path type and its conditions: it takes no traffic.`,
    expected: "an Ingress without canary annotations that has the same rule",
  };
}
