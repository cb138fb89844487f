import { defineFeature, key, MAX_LONG_VALUE_LENGTH } from "@sluice/feature-api";
import type { IpAccess, Policies } from "@sluice/model";
import { ipAccessOf, rangesOrAllType, rangesType, refusal } from "./support/ip-lists.ts";

const ID = "domain-ip-access";

const LEVELS =
  "For each kind of list the most specific level that has one counts, and replaces the others: this Ingress's own list, that of its hosts, that of the gateway.";

/** Address lists of hosts. What they mean for a route is the concern of the address lists of routes. */
export const domainIpAccess = defineFeature({
  id: ID,
  title: "IP access control of hosts",
  scope: "domain",
  onInvalid: "deny",
  keys: {
    "domain-whitelist-source-range": key(rangesOrAllType, {
      doc: `Only clients of these addresses and CIDRs reach the hosts of this Ingress, whichever Ingress their rules are in; others get 403. \`*\` is everyone. ${LEVELS} One bad item closes the hosts: 503.`,
      maxLength: MAX_LONG_VALUE_LENGTH,
      example: "10.0.0.0/8, 2001:db8::/32",
      default: "the gateway's list, or everyone",
      nginx: "ingress-nginx has no such annotation.",
    }),
    "domain-blacklist-source-range": key(rangesType, {
      doc: `Clients of these addresses and CIDRs get 403 from the hosts of this Ingress, whichever Ingress their rules are in. Asked before the whitelist. ${LEVELS} One bad item closes the hosts: 503.`,
      maxLength: MAX_LONG_VALUE_LENGTH,
      example: "192.0.2.7, 198.51.100.0/24",
      default: "the gateway's list, or nobody",
      nginx: "ingress-nginx has no such annotation.",
    }),
  },
  parse: (values): IpAccess | undefined =>
    ipAccessOf(values["domain-whitelist-source-range"], values["domain-blacklist-source-range"]),
  mayAnswer: (_, { isForwarded }) => refusal(isForwarded, "of the host"),
});

/** The address lists of the host that a route is of. */
export function hostIpAccess(policies: Policies): IpAccess | undefined {
  // Policies are produced and consumed under the feature's id.
  return policies[ID] as IpAccess | undefined;
}
