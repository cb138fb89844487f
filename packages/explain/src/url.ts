import { domainToASCII } from "node:url";

/** An absolute URL in parts, none of them normalised. */
export interface SplitUrl {
  readonly scheme: "http" | "https";
  readonly authority: string;
  /** ASCII, starts with a slash. */
  readonly path: string;
  readonly query?: string;
  readonly notes: readonly string[];
}

/**
 * Takes a URL apart as clients do, but leaves dots, slashes and escapes of the path as they are: the gateway is the one
 * that normalises, and `URL` would do it first, in another way. What no client can send is a fault, in words.
 */
export function splitUrl(url: string): SplitUrl | { readonly fault: string } {
  const found = /^(https?):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?$/isu.exec(url.trim());
  if (found === null) return { fault: "the URL has to be http://HOST/PATH or https://HOST/PATH" };
  const [, scheme = "", fullAuthority = "", path = "", query, fragment] = found;
  if (fragment !== undefined)
    return { fault: "a path with # is refused; browsers and curl keep the fragment to themselves" };
  if (!url.isWellFormed()) return { fault: "the URL holds half a character" };
  const authority = asciiAuthority(fullAuthority.slice(fullAuthority.lastIndexOf("@") + 1));
  if (authority === "") return { fault: "the URL has no host" };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const control = /[\u0000-\u001f\u007f]/.test(path + (query ?? ""));
  if (control) return { fault: "the URL holds a control character" };
  const sent = encodeBeyondAscii(path === "" ? "/" : path);
  const sentQuery = query === undefined ? undefined : encodeBeyondAscii(query);
  const encoded = sent !== (path || "/") || sentQuery !== query;
  return {
    scheme: scheme.toLowerCase() === "https" ? "https" : "http",
    authority,
    path: sent,
    ...(sentQuery === undefined ? {} : { query: sentQuery }),
    notes: encoded
      ? [
          "Blanks and characters beyond ASCII are taken as percent-encoded, as browsers send them; raw ones get 400.",
        ]
      : [],
  };
}

/** Percent-encodes blanks and what lies beyond ASCII; everything else, stray percent signs too, stays. */
function encodeBeyondAscii(text: string): string {
  return text.replace(/[ \u0080-\u{10ffff}]+/gu, encodeURI);
}

function asciiAuthority(authority: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  if (/^[\u0000-\u007f]*$/.test(authority)) return authority;
  const [, host = "", port = ""] = /^(.*?)(:\d*)?$/su.exec(authority) ?? [];
  // Empty when it cannot be a name; the host as written is then refused for its characters.
  return `${domainToASCII(host) || host}${port}`;
}
