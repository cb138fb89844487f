import { hostName } from "@sluice/feature-api";

/** The host under which rules without a host live. */
export const ANY_HOST = "*";

/**
 * A rule's host in lower case and without the dot at its end; `*` for a rule without one; undefined when it
 * cannot be a host. Port numbers are no part of a host in Kubernetes.
 */
export function normalizeHost(host: string): string | undefined {
  const written = host.trim();
  return written === "" || written === ANY_HOST ? ANY_HOST : hostName(written);
}

/** `*.a.com` and the like. */
export function isWildcard(host: string): boolean {
  return host.startsWith("*.");
}

/** The wildcard hosts around a host, nearest first: `*.b.com` and `*.com` for `a.b.com`. */
export function wildcardsAround(host: string): string[] {
  const labels = (isWildcard(host) ? host.slice(2) : host).split(".");
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join(".")}`);
}

/** The regex, whole value, for an authority with more labels than the wildcard host stands for. */
export function deepHostRegex(wildcard: string): string {
  const suffix = wildcard.slice(2).replaceAll(".", "\\.");
  return `(?i)[^:]*\\.[^.:]+\\.${suffix}\\.?(:[0-9]+)?`;
}
