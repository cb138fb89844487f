import { quoteRegex } from "@sluice/feature-api";

/** How the `Origin` of a request is compared: as a whole, without case. A regex is RE2, to be compared without case. */
export type OriginMatch = { readonly exact: string } | { readonly regex: string };

/** A host has at most 253 characters. */
const MAX_LENGTH = 512;

const SCHEME = "[A-Za-z][A-Za-z0-9+.-]*";
const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?";
const NAME = `${LABEL}(?:\\.${LABEL})*`;
const ORIGIN = new RegExp(`^(?:(${SCHEME})://)?(\\*\\.)?(${NAME}|\\[[0-9a-fA-F:.]+\\])(:[0-9]{1,5})?$`);

/**
 * One item of a list of origins; undefined if it is none. `*.host` stands for one label, a host without a scheme for
 * http and https, `null` for itself.
 */
export function corsOrigin(item: string): readonly OriginMatch[] | undefined {
  if (item === "null") return [{ exact: item }];
  const found = item.length > MAX_LENGTH ? null : ORIGIN.exec(item);
  if (found === null) return undefined;
  const [, scheme, wildcard, host = "", port = ""] = found;
  if (Number(port.slice(1)) > 65_535 || (wildcard !== undefined && host.startsWith("["))) return undefined;
  const rest = `${host}${port}`;
  if (wildcard === undefined) {
    const schemes = scheme === undefined ? ["http", "https"] : [scheme];
    return schemes.map((each) => ({ exact: `${each}://${rest}` }));
  }
  const start = scheme === undefined ? "https?" : quoteRegex(scheme);
  return [{ regex: `${start}://[a-z0-9_-]+\\.${quoteRegex(rest)}` }];
}
