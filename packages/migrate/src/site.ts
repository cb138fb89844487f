import type { Ingress, IngressPath, ObjectRef } from "@sluice/model";
import { displayName } from "@sluice/model";
import type { Dialect } from "./report.ts";
import { refOf, sourceText } from "./source.ts";

/** A path of a host, and the Ingress that has it. */
export interface Place {
  readonly ingress: Ingress;
  readonly host: string;
  readonly path: IngressPath;
  readonly isCanary: boolean;
}

/** Ingresses of one source gateway, looked up by what they share. */
export interface Site {
  /** All paths of a host, in lower case; `""` is the rules without a host. */
  places(host: string): readonly Place[];
  /** Whether any Ingress names TLS for the host. */
  hasTls(host: string): boolean;
  /** Ingresses that make ingress-nginx read every path of the host as a pattern. */
  patternMakers(host: string): readonly Ingress[];
  /** Rules, not of canaries, that use a Service. */
  usersOf(namespace: string, service: string): readonly Place[];
}

export function createSite(ingresses: readonly Ingress[], dialect: Dialect): Site {
  const byHost = new Map<string, Place[]>();
  const byService = new Map<string, Place[]>();
  const makers = new Map<string, Ingress[]>();
  const tls = new Set<string>();
  for (const ingress of ingresses) {
    for (const { hosts } of ingress.spec.tls) for (const host of hosts) tls.add(host.toLowerCase());
    for (const place of placesOf(ingress, dialect)) {
      push(byHost, place.host, place);
      const service = place.path.backend.service?.name;
      if (service !== undefined && !place.isCanary)
        push(byService, `${ingress.metadata.namespace}/${service}`, place);
    }
    if (dialect === "ingress-nginx" && makesPatterns(ingress))
      for (const host of hostsOf(ingress)) push(makers, host, ingress);
  }
  return {
    places: (host) => byHost.get(host) ?? [],
    hasTls: (host) => tls.has(host) || tls.has(host.replace(/^[^.]+/, "*")),
    patternMakers: (host) => makers.get(host) ?? [],
    usersOf: (namespace, service) => byService.get(`${namespace}/${service}`) ?? [],
  };
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

export function hostsOf(ingress: Ingress): readonly string[] {
  return [...new Set(ingress.spec.rules.map(({ host }) => host.toLowerCase()))];
}

export function placesOf(ingress: Ingress, dialect: Dialect): readonly Place[] {
  const isCanary = isTrue(sourceText(ingress, dialect, "canary"));
  return ingress.spec.rules.flatMap(({ host, paths }) =>
    paths.map((path) => ({ ingress, host: host.toLowerCase(), path, isCanary })),
  );
}

/** Go's idea of true, which ingress-nginx and Higress read. */
export function isTrue(text: string): boolean {
  return ["1", "t", "T", "true", "TRUE", "True"].includes(text);
}

/** Go's idea of false. */
export function isFalse(text: string): boolean {
  return ["0", "f", "F", "false", "FALSE", "False"].includes(text);
}

/**
 * Whether ingress-nginx reads the paths of the hosts of this Ingress as patterns: `use-regex`, or a `rewrite-target` that is not
 * the path itself. Source: `enforceRegexModifier` of its template functions.
 */
export function makesPatterns(ingress: Ingress): boolean {
  if (isTrue(sourceText(ingress, "ingress-nginx", "use-regex"))) return true;
  const target = sourceText(ingress, "ingress-nginx", "rewrite-target");
  return target !== "" && ingress.spec.rules.some(({ paths }) => paths.some(({ path }) => path !== target));
}

/** A dot alone does not make a path a pattern here, as in `rewrite-target`. */
export function looksLikePattern(text: string): boolean {
  return /[*+?()|[\]{}^$\\]/.test(text);
}

export function sameObject(a: ObjectRef, b: ObjectRef): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

/** `namespace/name` of a few Ingresses, for a sentence. */
export function names(ingresses: readonly Ingress[], max = 5): string {
  const all = [...new Set(ingresses.map((ingress) => displayName(refOf(ingress))))];
  const shown = all.slice(0, max).join(", ");
  return all.length > max ? `${shown} and ${all.length - max} more` : shown;
}
