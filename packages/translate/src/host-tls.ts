import type { Feature, References } from "@sluice/feature-api";
import {
  chainOfHost,
  DEFAULT_CERTIFICATE,
  type Diagnostic,
  type HostTls,
  type VirtualHost,
} from "@sluice/model";
import type { SharedPolicies } from "./ingress-units.ts";
import type { HostResult } from "./virtual-host.ts";

/** What the annotations of a host make of its TLS. */
export interface HostTlsResult {
  /** Absent: as the gateway has it. */
  readonly tls?: HostTls;
  /** Features whose protection could not be built. */
  readonly denied: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface HostTlsInput {
  readonly host: string;
  readonly features: readonly Feature[];
  readonly domain: SharedPolicies;
  /** `namespace/name` of the Secret with its certificate. */
  readonly certificate: string | undefined;
  readonly references: (namespace: string) => References;
}

/** Asks the features what the host demands of handshakes. What cannot be had is reported on the annotation behind it. */
export function hostTls(input: HostTlsInput): HostTlsResult {
  const { host, features, domain, certificate, references } = input;
  let tls: HostTls = {};
  const denied: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const feature of features) {
    const policy = domain.policies[feature.id];
    if (policy === undefined || feature.hostTls === undefined || domain.denied.includes(feature.id)) continue;
    const result = feature.hostTls(policy, {
      host,
      ...(certificate !== undefined && { certificate }),
      authorityOf: (secret) => references(secret.slice(0, secret.indexOf("/"))).authority(secret),
    });
    if (!("fault" in result)) tls = { ...tls, ...result };
    else {
      if (feature.onInvalid === "deny") denied.push(feature.id);
      diagnostics.push(unavailable(feature, result, host, domain));
    }
  }
  return { ...(Object.keys(tls).length > 0 && { tls }), denied, diagnostics };
}

function unavailable(
  { id, onInvalid }: Feature,
  { key, fault }: { readonly key: string; readonly fault: string },
  host: string,
  { origins }: SharedPolicies,
): Diagnostic {
  const all = origins[id] ?? [];
  const origin = all.find(({ field }) => field?.includes(`/${key}"`)) ?? all[0];
  const name = /"(.*)"/.exec(origin?.field ?? "")?.[1] ?? key;
  const deny = onInvalid === "deny";
  return {
    code: deny ? "annotation-value-denied" : "annotation-no-effect",
    severity: deny ? "error" : "warning",
    ...(origin !== undefined && { origin }),
    key: name,
    message: deny
      ? `${name} cannot be put into force on ${host}: its routes answer 503.`
      : `${name} has no effect on ${host}.`,
    expected: fault,
  };
}

/** The TLS chain of a wildcard host, as hosts under it see it; or that its TLS is passed on. */
export type AroundHost = ServedChain | "passed-on";

export interface ServedChain {
  readonly wildcard: string;
  readonly name: string;
  readonly certificate: string;
  readonly hasPolicy: boolean;
}

export function chainAround(wildcard: VirtualHost | undefined): AroundHost | undefined {
  if (wildcard?.passthrough !== undefined) return "passed-on";
  const name = wildcard === undefined ? undefined : chainOfHost(wildcard);
  if (wildcard?.certificate === undefined || name === undefined) return undefined;
  const { host, certificate, tls } = wildcard;
  return { wildcard: host, name, certificate, hasPolicy: tls !== undefined };
}

/**
 * Gives a host its place beside the chain of the wildcard host around it. Apart from the rest of a host, since wildcards
 * may themselves be as another host is. A host without a certificate goes with the wildcard's chain, unless one of the two
 * has a TLS policy, or the wildcard's TLS is passed on: then it gets a chain of its own, with the wildcard's certificate
 * where that is for it.
 */
export function withWildcard(result: HostResult, outside: AroundHost | undefined): HostResult {
  const { virtualHost } = result;
  if (virtualHost === undefined) return result;
  const around = outside === "passed-on" ? undefined : outside;
  const isApart = virtualHost.tls !== undefined || outside === "passed-on" || around?.hasPolicy;
  const needsChain =
    isApart && virtualHost.certificate === undefined && virtualHost.passthrough === undefined;
  const covered = around !== undefined && isDirectly(virtualHost.host, around.wildcard);
  const model: VirtualHost = needsChain
    ? { ...virtualHost, certificate: covered ? around.certificate : DEFAULT_CERTIFICATE }
    : virtualHost;
  const name = chainOfHost(model);
  if (around === undefined || around.name === name) return { ...result, virtualHost: model };
  return { ...result, virtualHost: { ...model, wildcardChain: around.name } };
}

/** Whether the host is one label under the wildcard, which is as far as certificates go. */
function isDirectly(host: string, wildcard: string): boolean {
  return !host.startsWith("*") && host.slice(host.indexOf(".")) === wildcard.slice(1);
}
