import { isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";

/** A range of addresses as a user wrote it, understood. */
export interface IpRange {
  /** `ADDRESS/PREFIX`, the shortest spelling, no bit set behind the prefix. IPv4 wherever it can be. */
  readonly cidr: string;
  /** True: the address had bits behind the prefix, as `10.0.0.1/8` has. They mean nothing, as in ingress-nginx. */
  readonly hasHostBits: boolean;
}

const PREFIX = /^(0|[1-9]\d{0,2})$/;
/** Bits before the IPv4 address in an IPv4-mapped IPv6 address, RFC 4291, section 2.5.5.2. */
const MAPPED_PREFIX = 96;

/**
 * An IPv4 or IPv6 address or CIDR; `undefined` for anything else. IPv4 has four decimal parts without leading zeros, since
 * others read those as octal; IPv6 has no zone, since it means something on one machine only. An IPv4-mapped range is
 * its IPv4 range: that is how clients are seen.
 */
export function parseIpRange(text: string): IpRange | undefined {
  const [addressText = "", prefixText, ...rest] = text.trim().split("/");
  if (rest.length > 0) return undefined;
  const address = parseAddress(addressText);
  if (address === undefined) return undefined;
  const bits = address.toByteArray().length * 8;
  if (prefixText !== undefined && !PREFIX.test(prefixText)) return undefined;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  return prefix <= bits ? rangeOf(address, prefix) : undefined;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function parseAddress(text: string): Address | undefined {
  // Asked first since the library finds a bad address by an exception, which takes a hundred times as long.
  if (isIPv4(text) && ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text)) return ipaddr.IPv6.parse(text);
  return undefined;
}

function rangeOf(address: Address, prefix: number): IpRange {
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && prefix >= MAPPED_PREFIX)
    return rangeOf(address.toIPv4Address(), prefix - MAPPED_PREFIX);
  const bytes = address.toByteArray();
  const network = bytes.map((byte, at) => byte & byteMask(prefix - at * 8));
  return {
    cidr: `${ipaddr.fromByteArray(network).toString()}/${prefix}`,
    hasHostBits: network.some((byte, at) => byte !== bytes[at]),
  };
}

/** The mask of a byte in front of whose end this many bits of the prefix are left. */
function byteMask(left: number): number {
  return 0xff & (0xff << (8 - Math.min(8, Math.max(0, left))));
}
