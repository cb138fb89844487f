export { type Clock, systemClock } from "./clock.ts";
export { createDnsNames, type DnsNames, type DnsNamesOptions, type NameLookup } from "./dns-names.ts";
export { isForbiddenAddress } from "./forbidden-address.ts";
export { isForbiddenName, isHostName } from "./host-name.ts";
export type { Lookup } from "./keep-resolved.ts";
