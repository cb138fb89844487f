import { isDeepStrictEqual } from "node:util";
import {
  type AnnotationSet,
  annotationOrigin,
  declaresKey,
  type Feature,
  type References,
} from "@sluice/feature-api";
import type { Diagnostic, Origin, Policies } from "@sluice/model";
import { type ObjectKey, parseObjectKey } from "@sluice/model";
import { compareAge } from "./age.ts";
import type { TranslateContext } from "./context.ts";
import { ingressesByHost } from "./indexes.ts";
import { mergeAnnotations, parseAll } from "./ingress-policies.ts";
import { type IngressRules, ingressRules } from "./ingress-rules.ts";

/** Policies that several Ingresses share. */
export interface SharedPolicies {
  readonly policies: Policies;
  /** The annotations behind each policy, by feature id. */
  readonly origins: Readonly<Record<string, readonly Origin[]>>;
  readonly denied: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The derivations that start at Ingresses. */
export interface IngressUnits {
  /** By key of the Ingress; undefined if it does not exist or is not ours. */
  readonly rules: (ingressKey: string) => IngressRules | undefined;
  /** Ingresses of ours with rules for the host, oldest first. Recorded. */
  readonly ofHost: (host: string) => readonly IngressRules[];
  /** Ingresses of ours whose annotations ask for the host, oldest first. Recorded. */
  readonly asking: (host: string) => readonly IngressRules[];
  /** Merged policies of scope domain, by host. */
  readonly domain: (host: string) => SharedPolicies;
  /** Merged policies of scope service, by `namespace/name`. */
  readonly service: (service: string) => SharedPolicies;
}

export function ingressUnits(
  context: TranslateContext,
  references: (namespace: string) => References,
): IngressUnits {
  const { store } = context;
  const { graph } = store;
  const byHost = store.index(ingressesByHost(context.features));

  const rules = graph.derive<IngressRules | undefined>("ingress-rules", (key) => {
    // Keys come from the store's own indexes.
    const { namespace, name } = parseObjectKey(key as ObjectKey);
    const ingress = store.get("Ingress", namespace, name);
    if (ingress === undefined || !context.isOurs(ingress)) return undefined;
    return ingressRules(ingress, context, references(namespace));
  });
  const sorted = (keys: readonly string[]): readonly IngressRules[] =>
    keys
      .map(rules)
      .filter((found) => found !== undefined)
      .sort((a, b) => compareAge(a.ingress, b.ingress));
  const ofHost = (host: string): readonly IngressRules[] =>
    sorted(byHost.get(host)).filter(({ hosts }) => hosts.has(host));
  const asking = (host: string): readonly IngressRules[] =>
    sorted(byHost.get(host)).filter(({ hosts }) => !hosts.has(host));

  const usersOf = (service: string): readonly string[] => {
    const mains = context.mainsOfService.get(service).map((source) => source.slice(source.indexOf(" ") + 1));
    const owners = context.ingressesOfBackend
      .get(service)
      .filter((key) => rules(key)?.services.has(service) === true);
    return [...new Set([...owners, ...mains])];
  };

  const merged = (
    scope: "domain" | "service",
    found: readonly IngressRules[],
    shared: string,
  ): SharedPolicies => {
    const features = context.byScope[scope];
    const [oldest] = found;
    if (oldest === undefined || features.length === 0) return NO_POLICIES;
    const { set, diagnostics } = mergeAnnotations(
      found.map(({ own }) => own.annotations),
      features,
      shared,
    );
    if (set.size === 0) return NO_POLICIES;
    const parsed = parseAll(features, set, oldest.ref, references(oldest.ref.namespace), references);
    return {
      ...parsed,
      origins: originsOf(features, set),
      diagnostics: [...diagnostics, ...parsed.diagnostics],
    };
  };

  return {
    rules,
    ofHost,
    asking,
    domain: graph.derive("domain-policies", (host) => merged("domain", ofHost(host), `the host ${host}`), {
      equals: isDeepStrictEqual,
    }),
    service: graph.derive(
      "service-policies",
      (service) => merged("service", sorted(usersOf(service)), `the Service ${service}`),
      { equals: isDeepStrictEqual },
    ),
  };
}

const NO_POLICIES: SharedPolicies = { policies: {}, origins: {}, denied: [], diagnostics: [] };

function originsOf(features: readonly Feature[], set: AnnotationSet): Record<string, readonly Origin[]> {
  return Object.fromEntries(
    features.map((feature) => [
      feature.id,
      [...set]
        .filter(([key]) => declaresKey(feature, key))
        .map(([, { object, annotation }]) => annotationOrigin(object, annotation)),
    ]),
  );
}
