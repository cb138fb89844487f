import { canonicalPath } from "./canonical-path.ts";
import { readHeaders, type TrustSettings } from "./request-headers.ts";
import { splitUrl } from "./url.ts";

/** A request as a person writes it down. Anything may be wrong with it. */
export interface ExplainRequest {
  readonly method: string;
  /** `http(s)://host[:port][/path][?query]`. */
  readonly url: string;
  /** In order; names in any case, repeated ones allowed. `Host` beats the host of the URL, as in curl. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The name that the client asks for in the TLS handshake. Absent: the host. Has no meaning on plain HTTP. */
  readonly sni?: string;
}

/** A request as the gateway sees it when it chooses a route. */
export interface SeenRequest {
  readonly method: string;
  /** Of the URL, or as a trusted proxy says. */
  readonly scheme: "http" | "https";
  /** As sent, without a dot at its end. Holds the port. */
  readonly authority: string;
  /** What hosts are chosen by: lower case, without port. */
  readonly host: string;
  /** Normalised, without the query. */
  readonly path: string;
  /** As sent, without its question mark. Absent: the URL has none. */
  readonly query?: string;
  /** By name in lower case; each value that is compared for itself. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Headers that the gateway does not let in, and why. */
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
}

/** Why a request gets an answer before any route is looked at. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

export interface ReadRequest {
  readonly request?: SeenRequest;
  readonly refused?: Refusal;
  readonly notes: readonly string[];
}

/**
 * Makes of a request what the gateway makes of it: Envoy 1.40 with path normalisation, merged slashes, escaped slashes
 * left alone, headers with underscores dropped, the dot at the end of a host and the port ignored. Never throws.
 */
export function readRequest(input: ExplainRequest, trust: TrustSettings = NO_TRUST): ReadRequest {
  const notes: string[] = [];
  const refuse = (reason: string, status = 400): ReadRequest => ({ refused: { status, reason }, notes });
  const url = splitUrl(input.url);
  if ("fault" in url) return refuse(url.fault);
  const { method } = input;
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method))
    return refuse(`${quoted(method)} is not an HTTP method`);
  if (method === "CONNECT") return refuse("no route takes CONNECT", 404);
  if (!METHODS.has(method))
    notes.push(`The method ${method} is taken on HTTP/2 only; on HTTP/1.1 it is refused with 400.`);
  notes.push(...url.notes);

  const read = readHeaders(input.headers, url.scheme, trust);
  if ("fault" in read) return refuse(read.fault);
  const authority = withoutDot(read.host ?? url.authority);
  const odd = /[^!$%&'()*+,\-.:;=@[\]_~0-9A-Za-z]/u.exec(authority);
  if (odd !== null) return refuse(`a host cannot hold ${quoted(odd[0])}`);
  const path = canonicalPath(url.path);
  if (path === undefined) return refuse("the path holds %00");
  return {
    request: {
      method,
      scheme: read.scheme,
      authority,
      host: hostName(authority),
      path,
      ...(url.query === undefined ? {} : { query: url.query }),
      headers: read.headers,
      dropped: read.dropped,
    },
    notes,
  };
}

const NO_TRUST: TrustSettings = { trustedHops: 0, keepRequestId: false };

/** The host that virtual hosts are found by: lower case, no port. The dot at its end is gone already. */
export function hostName(authority: string): string {
  const host = authority.toLowerCase();
  // Envoy cuts at the last colon, but for those inside the brackets of an IPv6 address.
  const colon = host.lastIndexOf(":");
  return colon < 0 || host.indexOf("]", colon) >= 0 ? host : host.slice(0, colon);
}

/** Envoy takes one dot off, whether or not a port follows. */
export function withoutDot(authority: string): string {
  return authority.replace(/\.(?=:\d*$|$)/, "");
}

export function quoted(text: string): string {
  const limit = 120;
  return JSON.stringify(text.length > limit ? `${text.slice(0, limit)}…` : text);
}

/** The methods that Envoy 1.40 takes on HTTP/1.1, as measured. */
const METHODS = new Set(
  (
    "ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH NOTIFY OPTIONS " +
    "PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE"
  ).split(" "),
);
