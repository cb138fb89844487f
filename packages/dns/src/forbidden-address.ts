import ipaddr from "ipaddr.js";

/**
 * Address ranges that no name may lead the gateway to, whoever asks for it. They belong to the machine, its link, or
 * the platform that it runs on, which trusts whoever can reach them: a client of the gateway must not become that.
 * Private ranges (RFC 1918, unique local) are no part of it: that is where external services live.
 */
const FORBIDDEN: readonly string[] = [
  // IANA IPv4 Special-Purpose Address Registry: this host, loopback, link-local (where most clouds have their
  // metadata service, 169.254.169.254), protocol assignments (Oracle's is 192.0.0.192), multicast, reserved, broadcast.
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Metadata outside of these: Alibaba Cloud, and Azure's WireServer.
  "100.100.100.200/32",
  "168.63.129.16/32",
  // IANA IPv6 Special-Purpose Address Registry: unspecified, loopback, link-local, multicast; NAT64 with prefixes of
  // one's own and Teredo, which hide an IPv4 address where it cannot be looked for.
  "::/128",
  "::1/128",
  "fe80::/10",
  "ff00::/8",
  "64:ff9b:1::/48",
  "2001::/32",
  // Metadata in unique local ranges: AWS (metadata, pod identity, DNS, time), Google, Oracle, Scaleway.
  "fd00:ec2::/32",
  "fd20:ce::254/128",
  "fd00:c1::a9fe:a9fe/128",
  "fd00:42::42/128",
];

/** IPv6 ranges whose addresses stand for an IPv4 address, and the byte at which it begins. */
const EMBEDDING: readonly (readonly [range: string, at: number])[] = [
  ["::ffff:0:0/96", 12],
  // IPv4-compatible (RFC 4291), IPv4-translated (RFC 2765), NAT64 (RFC 6052), 6to4 (RFC 3056).
  ["::/96", 12],
  ["::ffff:0:0:0/96", 12],
  ["64:ff9b::/96", 12],
  ["2002::/16", 2],
];

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

const forbidden = FORBIDDEN.map((range): Range => ipaddr.parseCIDR(range));
const embedding = EMBEDDING.map(([range, at]) => ({ range: ipaddr.parseCIDR(range) satisfies Range, at }));

/**
 * Whether the gateway must not connect to an address: loopback, unspecified, link-local, multicast, broadcast and
 * reserved ones, the metadata services of clouds, and IPv6 forms of such IPv4 addresses. In whatever spelling
 * (`127.1`, `0x7f000001`, `::ffff:7f00:1`); a text that is no address, or has a zone (`%eth0`), is forbidden too.
 */
export function isForbiddenAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || text.includes("%")) return true;
  return isForbidden(ipaddr.parse(text));
}

function isForbidden(address: Address): boolean {
  if (forbidden.some((range) => isIn(address, range))) return true;
  const bytes = address.toByteArray();
  return embedding.some(
    ({ range, at }) => isIn(address, range) && isForbidden(new ipaddr.IPv4(bytes.slice(at, at + 4))),
  );
}

function isIn(address: Address, [base, bits]: Range): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}
