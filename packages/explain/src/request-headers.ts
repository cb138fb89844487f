/** The headers of a request after the gateway has read them. */
export interface ReadHeaders {
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly host?: string;
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  readonly notes: readonly string[];
}

/**
 * Headers that Envoy 1.40 joins by a comma when they repeat, as measured. Of all others each value is compared for
 * itself, and one that matches is enough.
 */
const JOINED = new Set(
  (
    "accept accept-encoding access-control-request-headers access-control-request-method " +
    "access-control-request-private-network authorization cache-control content-type expect grpc-accept-encoding " +
    "grpc-timeout if-match if-modified-since if-none-match if-range if-unmodified-since origin pragma referer user-agent " +
    "via x-client-trace-id x-forwarded-host x-forwarded-port"
  ).split(" "),
);

const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/** Headers that the gateway writes itself, with values that cannot be foretold. */
export const WRITTEN_BY_GATEWAY: ReadonlySet<string> = new Set([
  "x-envoy-external-address",
  "x-forwarded-for",
  "x-request-id",
]);

/** Reads headers as the gateway lets them in from a client that it does not trust. A fault is what gets 400, in words. */
export function readHeaders(
  given: readonly (readonly [string, string])[],
  scheme: "http" | "https",
): ReadHeaders | { readonly fault: string } {
  const values = new Map<string, string[]>();
  const dropped: { name: string; reason: string }[] = [];
  const hosts: string[] = [];
  const notes: string[] = [];
  const upgrade = given.some(([name, value]) => lower(name) === "connection" && /\bupgrade\b/i.test(value));
  for (const [rawName, rawValue] of given) {
    const name = lower(rawName);
    const value = rawValue.replace(/^[ \t]+|[ \t]+$/g, "");
    const fault = headerFault(name, value);
    if (fault !== undefined) return { fault };
    const reason = dropReason(name, upgrade);
    if (name === "host" || name === ":authority") hosts.push(value);
    else if (reason !== undefined) dropped.push({ name, reason });
    else values.set(name, [...(values.get(name) ?? []), value]);
    if (name === "x-forwarded-proto")
      notes.push(
        "X-Forwarded-Proto is believed from trusted proxies only; this answer goes by the URL's scheme.",
      );
  }
  values.set("x-forwarded-proto", [scheme]);
  for (const name of WRITTEN_BY_GATEWAY) values.set(name, [""]);
  const joined = [...values].map(([name, all]): [string, string[]] => [
    name,
    JOINED.has(name) ? [all.join(",")] : all,
  ]);
  return {
    // A name may be `__proto__`, which an object made by assignment would take for something else.
    headers: Object.fromEntries(joined),
    ...(hosts.length === 0 ? {} : { host: hosts.join(",") }),
    dropped,
    notes,
  };
}

function lower(name: string): string {
  return name.trim().toLowerCase();
}

function headerFault(name: string, value: string): string | undefined {
  if (name !== ":authority" && !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name))
    return `${JSON.stringify(name.slice(0, 80))} is not a header name`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)
    ? `the value of the header ${name} holds a control character`
    : undefined;
}

function dropReason(name: string, upgrade: boolean): string | undefined {
  if (name.includes("_")) return "headers with underscores are not let in";
  if (name.startsWith("x-envoy-")) return "only Envoy itself may set x-envoy- headers";
  if (!HOP_BY_HOP.has(name) || (upgrade && (name === "connection" || name === "upgrade"))) return undefined;
  return "it concerns the connection and not the request";
}
