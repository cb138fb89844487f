/**
 * Whether a text is a DNS name: labels of letters, digits, hyphens and underscores (which are seen in internal names),
 * up to 253 characters, with or without a dot at its end. A name whose last label is a number is none, since resolvers
 * take `127.1` and `0x7f000001` for addresses (the same line as the URL standard draws, "ends in a number").
 */
export function isHostName(text: string): boolean {
  const name = text.replace(/\.$/, "");
  if (name.length > 253) return false;
  const labels = name.split(".");
  return (
    labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) &&
    !/^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? "")
  );
}

/** Names of the machine itself (RFC 6761, section 6.3, and what Linux distributions put into their hosts file). */
const OWN = new Set(["localhost", "localdomain", "ip6-localhost", "ip6-loopback"]);

/** Names under which clouds serve metadata. Their addresses are forbidden too; the name says so at once. */
const METADATA = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "metadata.tencentyun.com",
  "instance-data",
  "instance-data.ec2.internal",
]);

/** Whether a name is refused without asking for its addresses: this machine, or a cloud's metadata service. */
export function isForbiddenName(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  return METADATA.has(name) || OWN.has(name.split(".").at(-1) ?? "");
}
