import {
  defineFeature,
  IP_ACCESS_FILTER,
  ipAccessConfig,
  key,
  MAX_LONG_VALUE_LENGTH,
} from "@sluice/feature-api";
import type { IpAccess } from "@sluice/model";
import type { Any } from "@sluice/protos";
import { hostIpAccess } from "./domain-ip-access.ts";
import { ipAccessOf, rangesOrAllType, rangesType, refusal } from "./support/ip-lists.ts";

const LEVELS =
  "For each kind of list the most specific level that has one counts, and replaces the others: this Ingress's own list, that of its hosts, that of the gateway. The address is the client's: the peer's, or what the gateway's trusted hops say. Redirects and CORS preflights are answered to everyone. One bad item closes the rules: 503.";

/** Who may reach the rules of an Ingress, by address. */
export const ipAccess = defineFeature({
  id: "ip-access",
  title: "IP access control",
  scope: "route",
  onInvalid: "deny",
  keys: {
    "whitelist-source-range": key(rangesOrAllType, {
      doc: `Only clients of these addresses and CIDRs reach the rules; others get 403. \`*\` is everyone. ${LEVELS}`,
      maxLength: MAX_LONG_VALUE_LENGTH,
      example: "10.0.0.0/8, 2001:db8::/32",
      default: "the hosts' list, or the gateway's, or everyone",
      aliases: ["allowlist-source-range"],
    }),
    "denylist-source-range": key(rangesType, {
      doc: `Clients of these addresses and CIDRs get 403. Asked before the whitelist. Replaces \`blacklist-source-range\`. ${LEVELS}`,
      maxLength: MAX_LONG_VALUE_LENGTH,
      example: "192.0.2.7, 198.51.100.0/24",
      default: "`blacklist-source-range`",
    }),
    "blacklist-source-range": key(rangesType, {
      doc: `Clients of these addresses and CIDRs get 403. Asked before the whitelist. ${LEVELS}`,
      maxLength: MAX_LONG_VALUE_LENGTH,
      example: "192.0.2.7, 198.51.100.0/24",
      default: "the hosts' list, or the gateway's, or nobody",
      nginx: "ingress-nginx has no such annotation; it has `denylist-source-range`.",
    }),
  },
  parse: (values, { report }): IpAccess | undefined => {
    const { "denylist-source-range": deny, "blacklist-source-range": black } = values;
    if (deny !== undefined && black !== undefined)
      report.note("blacklist-source-range", {
        code: "annotation-no-effect",
        message: "denylist-source-range replaces blacklist-source-range, which has no effect beside it.",
        hint: "Put all addresses into denylist-source-range.",
      });
    return ipAccessOf(values["whitelist-source-range"], deny ?? black);
  },

  mayAnswer: (_, { isForwarded }) => refusal(isForwarded, "of this Ingress"),

  // Envoy takes the lists of one level as a whole, so a route with lists has those of the other levels in its own.
  route: (out, own, { policies, gatewayIpAccess }) => {
    const host = hostIpAccess(policies);
    if (own === undefined && host === undefined) return;
    out.typedPerFilterConfig = {
      ...out.typedPerFilterConfig,
      [IP_ACCESS_FILTER]: encoded({ ...gatewayIpAccess, ...host, ...own }),
    };
  },
});

/** The last lists and what they are for Envoy: routes that share theirs come one after the other, and lists are long. */
let last: { readonly lists: IpAccess; readonly config: Any } | undefined;

function encoded(lists: IpAccess): Any {
  if (last === undefined || last.lists.allow !== lists.allow || last.lists.deny !== lists.deny)
    last = { lists, config: ipAccessConfig(lists) };
  return last.config;
}
