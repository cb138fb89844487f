import type { IpAccess } from "@sluice/model";
import { type Any, any, type Matcher } from "@sluice/protos";

/**
 * The one filter of all three levels. It is always there and on, and lets everybody in: so lists come and go with route
 * configuration alone, and no listener has to be replaced, which would end its connections.
 */
export const IP_ACCESS_FILTER = "sluice.ip-access";

const RBAC = "envoy.extensions.filters.http.rbac.v3.RBAC";
const PER_ROUTE = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute";

/** The filter as the connection manager has it. On by default, since a disabled one can be missed when routes change underway. */
export function ipAccessFilter() {
  return { name: IP_ACCESS_FILTER, disabled: false, typedConfig: any(RBAC, {}) };
}

/**
 * Lists as the configuration of a table, a host or a route under the name {@link IP_ACCESS_FILTER}; the most specific one replaces
 * the others as a whole, so who makes one for a host or route puts in the lists that hold there. Ranges are those of
 * `parseIpRange`. The address is the client's, as the connection manager has found it. A trie: the number of
 * ranges costs a request next to nothing.
 */
export function ipAccessConfig(lists: IpAccess): Any {
  return any(PER_ROUTE, { rbac: { matcher: ipAccessMatcher(lists) } });
}

/** The same for whatever else asks a matcher of role-based access; for connections the address is that of the peer. */
export function ipAccessMatcher({ allow, deny = [] }: IpAccess): Matcher {
  const allowed = allow === undefined ? ALLOW : inRanges(allow, ALLOW, DENY);
  return { onNoMatch: inRanges(deny, DENY, allowed) };
}

/**
 * Lets everybody in, as the configuration of a route under the name {@link IP_ACCESS_FILTER}: what redirects have where the
 * gateway has lists, since a redirect comes before them.
 */
export function ipAccessOff(): Any {
  return any(PER_ROUTE, {});
}

/**
 * Notes whether the client's address is in these ranges, as the per-route configuration of a role-based access filter; whoever it is,
 * it goes on. The note is dynamic metadata, {@link IP_NOTE}.
 */
export function ipNoteConfig(ranges: readonly string[]): Any {
  return any(PER_ROUTE, { rbac: { shadowMatcher: { onNoMatch: inRanges(ranges, ALLOW, DENY) } } });
}

/** Where {@link ipNoteConfig} leaves its note: `inside` or `outside` as text. */
export const IP_NOTE = {
  namespace: "envoy.filters.http.rbac",
  key: "shadow_engine_result",
  inside: "allowed",
  outside: "denied",
} as const;

interface OnMatch {
  readonly action?: { readonly name: string; readonly typedConfig: Any };
  readonly matcher?: { readonly matcherTree: object; readonly onNoMatch: OnMatch };
}

const ALLOW = decision("allow", "ALLOW");
const DENY = decision("deny", "DENY");

function decision(name: string, action: "ALLOW" | "DENY"): OnMatch {
  return { action: { name, typedConfig: any("envoy.config.rbac.v3.Action", { name, action }) } };
}

function inRanges(ranges: readonly string[], inside: OnMatch, outside: OnMatch): OnMatch {
  if (ranges.length === 0) return outside;
  return {
    matcher: {
      matcherTree: {
        input: {
          name: "source-ip",
          typedConfig: any("envoy.extensions.matching.common_inputs.network.v3.SourceIPInput", {}),
        },
        customMatch: {
          name: "ip",
          typedConfig: matcherOf(ranges, inside),
        },
      },
      onNoMatch: outside,
    },
  };
}

const matchers = new WeakMap<readonly string[], Map<OnMatch, Any>>();

/** Remembered per list: each route of an Ingress, in each table, has the same one, and long lists take time to encode. */
function matcherOf(ranges: readonly string[], inside: OnMatch): Any {
  const known = matchers.get(ranges) ?? new Map<OnMatch, Any>();
  const found =
    known.get(inside) ??
    any("xds.type.matcher.v3.IPMatcher", {
      rangeMatchers: [{ ranges: ranges.flatMap(spellings).map(cidrRange), onMatch: inside }],
    });
  matchers.set(ranges, known.set(inside, found));
  return found;
}

/**
 * A trusted proxy on a socket for both families writes an IPv4 client as `::ffff:192.0.2.1`, and Envoy takes it for IPv6 then
 * (seen on 1.40): without the mapped range (RFC 4291, 2.5.5.2) such a client would not be on its own list.
 */
function spellings(range: string): readonly string[] {
  if (range.includes(":")) return [range];
  const [address, prefix] = range.split("/");
  return [range, `::ffff:${address}/${96 + Number(prefix)}`];
}

function cidrRange(range: string): { addressPrefix: string; prefixLen: { value: number } } {
  const [addressPrefix = "", prefix] = range.split("/");
  return { addressPrefix, prefixLen: { value: Number(prefix) } };
}
