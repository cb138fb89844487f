import type { Ingress } from "@sluice/model";
import { ANY_HOST, isWildcard, normalizeHost } from "./host-name.ts";

/**
 * The hosts for which an Ingress names TLS, each with the Secret named for it (undefined: none). A `tls` entry
 * without hosts stands for the hosts of the rules, and one with a wildcard for the rules' hosts that it covers.
 */
export function tlsHosts(ingress: Ingress): ReadonlyMap<string, string | undefined> {
  const ruleHosts = ingress.spec.rules
    .map((rule) => normalizeHost(rule.host))
    .filter((host) => host !== undefined && host !== ANY_HOST);
  const found = new Map<string, string | undefined>();
  const add = (host: string, secret: string | undefined): void => {
    if (!found.has(host)) found.set(host, secret);
  };
  for (const { hosts, secretName } of ingress.spec.tls)
    for (const host of hosts.map(normalizeHost))
      if (host !== undefined && host !== ANY_HOST) add(host, secretName);
  for (const { hosts, secretName } of ingress.spec.tls) {
    for (const host of ruleHosts) {
      if (host === undefined) continue;
      if (hosts.length === 0 || hosts.some((pattern) => covers(normalizeHost(pattern), host)))
        add(host, secretName);
    }
  }
  return found;
}

function covers(pattern: string | undefined, host: string): boolean {
  if (pattern === undefined || !isWildcard(pattern)) return false;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot) === pattern.slice(1);
}
