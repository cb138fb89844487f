import {
  createReport,
  type DraftContext,
  type DraftStage,
  type Feature,
  type References,
  type RouteDraft,
  shownValue,
  type Variant,
} from "@sluice/feature-api";
import type {
  Backend,
  BackendTarget,
  Diagnostic,
  Ingress,
  IngressBackend,
  IngressPath,
  ObjectRef,
  Origin,
} from "@sluice/model";
import { targetKey } from "@sluice/model";
import type { TranslateContext } from "./context.ts";
import { AFTER_BACKEND, plainBackend, runDraftStages, UP_TO_BACKEND } from "./drafts.ts";
import { ANY_HOST, normalizeHost } from "./host-name.ts";
import { hostsOf } from "./indexes.ts";
import { type IngressPolicies, ingressPolicies } from "./ingress-policies.ts";
import { rulePathMatch } from "./rule-path.ts";

/** One path of one rule, as far as the Ingress alone can tell. */
export interface IngressRoute {
  /** `namespace/ingress/rule/path`, or `namespace/ingress/default`. */
  readonly name: string;
  readonly ingress: Ingress;
  readonly origin: Origin;
  /** The path as written. */
  readonly rulePath: string;
  /** Path and type as written, but for spellings that mean the same: a canary's equals its main rule's. */
  readonly pairKey: string;
  readonly backend: Backend | undefined;
  /** The draft after all stages. */
  readonly draft: RouteDraft;
  /** The backends that its Ingress means it to have: the rule's, those of annotations in its place, and no stand-ins. */
  readonly meant: readonly Backend[];
  /** Of `spec.defaultBackend`: after everything else of its host. */
  readonly isDefault: boolean;
}

/** What an Ingress asks for, host by host, before it meets others. */
export interface IngressRules {
  readonly ingress: Ingress;
  readonly ref: ObjectRef;
  readonly own: IngressPolicies;
  /** Set: the Ingress is a canary of other Ingresses' rules. */
  readonly variant: Variant | undefined;
  /** The hosts that it has rules for, good or bad. */
  readonly hosts: ReadonlySet<string>;
  readonly byHost: ReadonlyMap<string, readonly IngressRoute[]>;
  /**
   * Services (`namespace/name`) that its annotations of scope service act on: its backends. A mirror or a default backend
   * is another's, and speaks as that one says.
   */
  readonly services: ReadonlySet<string>;
  /** All Services and hosts outside the cluster that its routes use, as `targetKey` names them. */
  readonly backends: ReadonlySet<string>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads an Ingress: policies, rules and drafts. User faults become diagnostics and cost their own rule only. */
export function ingressRules(
  ingress: Ingress,
  context: TranslateContext,
  references: References,
): IngressRules {
  const { namespace, name } = ingress.metadata;
  const ref: ObjectRef = { kind: "Ingress", namespace, name };
  const own = ingressPolicies(ingress, context, references);
  const variant = variantOf(context, own);
  const diagnostics = own.diagnostics.filter((found) => variant === undefined || isTrueOfCanary(found));
  const byHost = new Map<string, IngressRoute[]>();
  const add = (host: string, route: IngressRoute | undefined): void => {
    if (route === undefined) return;
    const list = byHost.get(host);
    if (list === undefined) byHost.set(host, [route]);
    else list.push(route);
  };
  const make = maker({ ingress, ref, own, variant, context, references, diagnostics });

  ingress.spec.rules.forEach((rule, ruleIndex) => {
    const host = normalizeHost(rule.host);
    const field = `spec.rules[${ruleIndex}]`;
    if (host === undefined) diagnostics.push(badHost(ref, field, rule.host));
    else
      rule.paths.forEach((path, index) => {
        add(host, make(path, `${field}.http.paths[${index}]`, `${ruleIndex}/${index}`));
      });
  });
  if (ingress.spec.defaultBackend !== undefined) {
    const hosts = byHost.size === 0 ? [ANY_HOST] : [...byHost.keys()];
    const path: IngressPath = { path: "/", pathType: "Prefix", backend: ingress.spec.defaultBackend };
    for (const host of hosts) add(host, make(path, "spec.defaultBackend", "default"));
  }
  const routes = [...byHost.values()].flat();
  return {
    ingress,
    ref,
    own,
    variant,
    hosts: new Set(hostsOf(ingress)),
    byHost,
    services: new Set(
      routes
        .flatMap(({ meant }) => meant.map(({ target }) => target))
        .filter(({ kind }) => kind === "service")
        .map(targetKey),
    ),
    backends: new Set(targetsOf(routes).map(targetKey)),
    diagnostics: unique(diagnostics),
  };
}

function variantOf(context: TranslateContext, own: IngressPolicies): Variant | undefined {
  return context.byScope.route
    .map((feature) => {
      const policy = own.policies[feature.id];
      return policy === undefined ? undefined : feature.variant?.(policy);
    })
    .find((found) => found !== undefined);
}

/** Its main rule's Ingress decides how it is protected, so that none of its own lists closes its routes. */
function isTrueOfCanary({ code }: Diagnostic): boolean {
  return code !== "annotation-value-denied";
}

interface MakerInput {
  readonly ingress: Ingress;
  readonly ref: ObjectRef;
  readonly own: IngressPolicies;
  readonly variant: Variant | undefined;
  readonly context: TranslateContext;
  readonly references: References;
  readonly diagnostics: Diagnostic[];
}

function maker(input: MakerInput) {
  const { ingress, ref, own, variant, context, diagnostics } = input;
  const isVariant = variant !== undefined;
  return (path: IngressPath, field: string, part: string): IngressRoute | undefined => {
    const origin: Origin = { object: ref, field };
    const match = rulePathMatch(path);
    const backend = ruleBackend(ingress.metadata.namespace, path.backend);
    if (backend === undefined) diagnostics.push(noService(origin));
    const start: RouteDraft = {
      path: match.ok ? match.value : { kind: "prefix", value: path.path },
      conditions: [],
      backends: backend === undefined ? [] : [{ backend, weight: 1 }],
    };
    const heard = draftContext(input, path.path || "/", backend);
    const unheard = draftContext({ ...input, diagnostics: [] }, path.path || "/", backend);
    // What the main rule's Ingress decides is not for a canary to tell.
    const hooks: typeof heard = (feature) =>
      isVariant && feature.perVariant !== true && feature.draftStage !== "match"
        ? unheard(feature)
        : heard(feature);
    const run = (from: RouteDraft, stages: readonly DraftStage[]): RouteDraft =>
      from.dropped ? from : runDraftStages(from, stages, context.byScope.route, own.policies, hooks);
    const chosen = run(start, UP_TO_BACKEND);
    const draft = run(chosen, AFTER_BACKEND);
    if (draft.dropped) return undefined;
    // A canary takes the match of its main rule, which may be a regex where its own path is none.
    if (!match.ok && draft.path.kind !== "regex" && !isVariant) {
      diagnostics.push(badPath(origin, path.path, match.expected));
      return undefined;
    }
    return {
      name: `${ref.namespace}/${ref.name}/${part}`,
      ingress,
      origin,
      rulePath: path.path || "/",
      pairKey: match.ok ? `${match.value.kind} ${match.value.value}` : `raw ${path.path}`,
      backend,
      draft,
      meant: [
        ...(backend === undefined ? [] : [backend]),
        ...chosen.backends.map((weighted) => weighted.backend),
      ],
      isDefault: part === "default",
    };
  };
}

/** What draft hooks of a route see; findings go to `diagnostics`. */
export function draftContext(
  input: Omit<MakerInput, "ingress" | "variant">,
  rulePath: string,
  ruleBackend: Backend | undefined,
): (feature: Feature) => DraftContext {
  return (feature) => {
    const { report, diagnostics } = createReport(
      input.own.annotations,
      input.ref,
      feature.onInvalid === "deny",
    );
    const forward = <A extends unknown[]>(call: (...args: A) => void) => {
      return (...args: A): void => {
        call(...args);
        input.diagnostics.push(...diagnostics.splice(0));
      };
    };
    return {
      object: input.ref,
      report: { bad: forward(report.bad), note: forward(report.note) },
      references: input.references,
      rulePath,
      ruleBackend,
      policies: input.own.policies,
      backend: plainBackend,
    };
  };
}

/** The backend that a rule names, in the Ingress's own namespace; undefined when it names no Service. */
export function ruleBackend(namespace: string, backend: IngressBackend): Backend | undefined {
  if (backend.service === undefined) return undefined;
  const target: BackendTarget = {
    kind: "service",
    namespace,
    name: backend.service.name,
    port: backend.service.port,
  };
  return plainBackend(target);
}

function targetsOf(routes: readonly IngressRoute[]): BackendTarget[] {
  return routes.flatMap(({ draft, meant }) =>
    [
      ...meant,
      draft.mirror?.backend,
      draft.errorPages?.backend,
      ...draft.backends.map((weighted) => weighted.backend),
    ].flatMap((each) => (each === undefined ? [] : [each.target])),
  );
}

function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((found) => [JSON.stringify(found), found])).values()];
}

function badHost(ref: ObjectRef, field: string, host: string): Diagnostic {
  return {
    code: "rule-invalid",
    severity: "error",
    origin: { object: ref, field: `${field}.host` },
    key: `${field}.host`,
    value: host,
    message: `The host ${JSON.stringify(host.slice(0, 80))} cannot be used; its rule is dropped.`,
    expected: 'a DNS name, "*." and a DNS name, or nothing',
  };
}

function badPath(origin: Origin, path: string, expected: string): Diagnostic {
  return {
    code: "rule-invalid",
    severity: "error",
    origin,
    key: `${origin.field}.path`,
    value: shownValue(path),
    message: `The path ${JSON.stringify(path.slice(0, 80))} cannot be used; its rule is dropped.`,
    expected,
  };
}

function noService(origin: Origin): Diagnostic {
  return {
    code: "rule-invalid",
    severity: "error",
    origin,
    key: `${origin.field}.backend`,
    message: "The backend names no Service; its route answers 503.",
    expected: "backend.service with a name and a port",
  };
}
