import { type Condition, chainOfHost, type VirtualHost } from "@sluice/model";
import { conditionFailure } from "./match-condition.ts";
import { hostName, type SeenRequest, withoutDot } from "./request.ts";
import type { GatewayView } from "./view.ts";

/** Every virtual host whose name takes the request's host, the most specific first. */
export function matchingHosts(host: string, view: Pick<GatewayView, "virtualHost">): VirtualHost[] {
  return hostPatterns(host).flatMap((pattern) => view.virtualHost(pattern) ?? []);
}

/** The host, its wildcards from the longest to the shortest, and `*`. To Envoy a wildcard is of any depth. */
function hostPatterns(host: string): string[] {
  const patterns = new Set<string>();
  // A host with a star in it would find a wildcard by its name.
  if (!host.includes("*")) patterns.add(host);
  // Envoy's wildcard stands for at least one character.
  for (let dot = host.indexOf(".", 1); dot > 0; dot = host.indexOf(".", dot + 1))
    patterns.add(`*${host.slice(dot)}`);
  patterns.add("*");
  return [...patterns];
}

/** Why a virtual host takes the request, as the end of a sentence. */
export function hostReason(chosen: VirtualHost, request: SeenRequest): string {
  if (chosen.host === "*") return `no host matches ${request.host}, so the rules without a host hold`;
  if (!chosen.host.startsWith("*")) return "exact";
  return isDeeper(chosen, request)
    ? `longest wildcard, but it stands for one label: ${request.host} is sent on to the rules without a host`
    : "longest wildcard";
}

/** The condition by which a wildcard host knows hosts with more labels than its one; its guard route has it. */
export function deepCondition(wildcard: VirtualHost): Condition | undefined {
  return wildcard.routes.find(({ name }) => name === `${wildcard.host}/deeper`)?.match.conditions[0];
}

/** True if the request's host has more labels than the wildcard stands for. */
export function isDeeper(wildcard: VirtualHost, request: SeenRequest): boolean {
  const deep = deepCondition(wildcard);
  return deep !== undefined && conditionFailure(deep, request) === undefined;
}

/**
 * Why the TLS connection for this name cannot carry the request: the filter chain of a certificate and TLS policy serves
 * the hosts of that chain, and those under its wildcard hosts that have none, and answers 421 for all others. A name
 * without a chain gets the default one, which serves every host that has no TLS policy of its own.
 */
export function misdirected(
  request: SeenRequest,
  sni: string | undefined,
  chosen: VirtualHost | undefined,
  view: Pick<GatewayView, "virtualHost">,
): string | undefined {
  if (sni === undefined || request.scheme !== "https") return undefined;
  if (chosen?.passthrough !== undefined)
    return `the connection was made for ${sni}, but the TLS of ${chosen.host} is passed on to its backend`;
  const name = hostName(withoutDot(sni));
  const named = matchingHosts(name, view).find(({ host }) => host !== "*");
  const chain = servedOn(named);
  if (chain === undefined) {
    if (chosen?.tls === undefined) return undefined;
    const whose = name === "" ? "without a name" : `for ${name}`;
    return `the connection was made ${whose}, but ${request.host} has a TLS policy of its own`;
  }
  if (servedOn(chosen) === chain) return undefined;
  return `the connection was made for ${name} with ${chainWords(named)}, but ${request.host} has ${chainWords(chosen)}`;
}

/** The host that a TLS connection is passed on for, as it names it by SNI; undefined where the gateway ends the TLS. */
export function passedOn(
  request: SeenRequest,
  sni: string | undefined,
  view: Pick<GatewayView, "virtualHost">,
): { readonly host: VirtualHost; readonly isDeeper: boolean } | undefined {
  if (request.scheme !== "https") return undefined;
  const name = hostName(withoutDot(sni ?? request.host));
  const host = matchingHosts(name, view).find(
    ({ passthrough, certificate }) => passthrough !== undefined || certificate !== undefined,
  );
  if (host?.passthrough === undefined) return undefined;
  const isWild = host.host.startsWith("*.");
  return { host, isDeeper: isWild && name.split(".").length > host.host.split(".").length };
}

/** The chain that serves a host: its own, else that of the wildcard host around it. */
function servedOn(virtualHost: VirtualHost | undefined): string | undefined {
  return virtualHost === undefined ? undefined : (chainOfHost(virtualHost) ?? virtualHost.wildcardChain);
}

function chainWords(virtualHost: VirtualHost | undefined): string {
  const { certificate, tls } = virtualHost ?? {};
  const policy = tls === undefined ? "" : ", under a TLS policy of its own";
  return certificate === undefined ? "no certificate of its own" : `certificate ${certificate}${policy}`;
}
