import { isIP } from "node:net";

/**
 * Whether a request may be answered, by its `Host` header. A page of a foreign site can make a browser send requests
 * here under a name of its own that it lets resolve to this address (DNS rebinding), and read the answers; such a
 * request carries that name. Accepted are IP addresses, which no DNS answer stands behind, `localhost` with the names
 * below it, and the host that the operator configured.
 */
export function isTrustedHost(header: string | undefined, configured: string): boolean {
  const host = hostName(header ?? "");
  if (host === "") return false;
  return (
    isIP(host) !== 0 ||
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === configured.toLowerCase()
  );
}

/** `Host` without its port, brackets and final dot, in lower case. */
function hostName(header: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(header);
  const host = bracketed?.[1] ?? header.replace(/:\d*$/, "");
  return host.toLowerCase().replace(/\.$/, "");
}
