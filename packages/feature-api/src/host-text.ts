/**
 * A DNS name, or `*.` and one, in lower case and without the dot at its end; undefined if the text is neither. Without a
 * port, as hosts in Kubernetes are.
 */
export function hostName(text: string): string | undefined {
  const host = text.trim().toLowerCase().replace(/\.$/, "");
  const name = host.startsWith("*.") ? host.slice(2) : host;
  if (host.length > 253) return undefined;
  const labels = name.split(".");
  // Underscores are not valid in host names, but are seen in internal ones and harmless in a match.
  return labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)) ? host : undefined;
}
