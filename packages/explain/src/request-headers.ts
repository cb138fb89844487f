import type { GatewaySettings } from "@sluice/model";

/** What of the gateway's settings decides how headers are read. */
export type TrustSettings = Pick<GatewaySettings, "trustedHops" | "keepRequestId">;

/** The headers of a request after the gateway has read them. */
export interface ReadHeaders {
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly host?: string;
  /** As a trusted proxy says, or as the connection is. */
  readonly scheme: "http" | "https";
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Headers that Envoy 1.40 joins by a comma when they repeat, as measured. Of all others each value is compared for
 * itself, and one that matches is enough.
 */
const JOINED = words(
  "accept accept-encoding access-control-request-headers access-control-request-method " +
    "access-control-request-private-network authorization cache-control content-type expect grpc-accept-encoding " +
    "grpc-timeout if-match if-modified-since if-none-match if-range if-unmodified-since origin pragma referer user-agent " +
    "via x-client-trace-id x-forwarded-host x-forwarded-port",
);

const HOP_BY_HOP = words("connection keep-alive proxy-connection transfer-encoding upgrade");

/** Headers by which Envoy is steered; it takes them from nobody outside, as measured. */
const STEERING = words(
  "x-envoy-decorator-operation x-envoy-downstream-service-cluster x-envoy-downstream-service-node " +
    "x-envoy-expected-rq-timeout-ms x-envoy-external-address x-envoy-force-trace x-envoy-hedge-on-per-try-timeout " +
    "x-envoy-internal x-envoy-ip-tags x-envoy-max-retries x-envoy-original-host x-envoy-original-path " +
    "x-envoy-original-url x-envoy-retriable-header-names x-envoy-retriable-status-codes x-envoy-retry-grpc-on " +
    "x-envoy-retry-on x-envoy-upstream-alt-stat-name x-envoy-upstream-rq-per-try-timeout-ms " +
    "x-envoy-upstream-rq-timeout-alt-response x-envoy-upstream-rq-timeout-ms x-envoy-upstream-stream-duration-ms",
);

/** What no client says of itself or of the gateway: the early header mutations of xds. */
const FORGED = words("proxy x-forwarded-client-cert x-original-forwarded-for x-real-ip x-scheme");

/** Headers that the gateway writes itself, with values that cannot be foretold. */
export const WRITTEN_BY_GATEWAY = words("x-envoy-external-address x-forwarded-for x-request-id");

/** Reads headers as the gateway lets them in. A fault is what gets 400, in words. */
export function readHeaders(
  given: readonly (readonly [string, string])[],
  connection: "http" | "https",
  trust: TrustSettings,
): ReadHeaders | { readonly fault: string } {
  const values = new Map<string, string[]>();
  const dropped: { name: string; reason: string }[] = [];
  const hosts: string[] = [];
  const sent = given.map(([name, value]) => [lower(name), value.replace(/^[ \t]+|[ \t]+$/g, "")] as const);
  const upgrade = sent.some(([name, value]) => name === "connection" && /\bupgrade\b/i.test(value));
  for (const [name, value] of sent) {
    const fault = headerFault(name, value);
    if (fault !== undefined) return { fault };
    const reason = dropReason(name, value, upgrade, trust);
    if (name === "host" || name === ":authority") hosts.push(value);
    else if (reason !== undefined) dropped.push({ name, reason });
    else values.set(name, [...(values.get(name) ?? []), value]);
  }
  const claimed = values.get("x-forwarded-proto");
  const scheme = claimed?.[0] === "https" ? "https" : connection;
  values.set("x-forwarded-proto", claimed ?? [connection]);
  const forwardedFor = sent.filter(([name]) => name === "x-forwarded-for").map(([, value]) => value);
  if (forwardedFor.length > 0) values.set("x-original-forwarded-for", forwardedFor);
  for (const name of WRITTEN_BY_GATEWAY)
    if (!(name === "x-request-id" && trust.keepRequestId && values.has(name))) values.set(name, [""]);
  return {
    // A name may be `__proto__`, which an object made by assignment would take for something else.
    headers: Object.fromEntries(
      [...values].map(([name, all]) => [name, JOINED.has(name) ? [all.join(",")] : all]),
    ),
    ...(hosts.length === 0 ? {} : { host: hosts.join(",") }),
    scheme,
    dropped,
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

function dropReason(
  name: string,
  value: string,
  upgrade: boolean,
  { trustedHops }: TrustSettings,
): string | undefined {
  if (name.includes("_")) return "headers with underscores are not let in";
  if (STEERING.has(name)) return "it steers Envoy, which takes it from no client";
  if (FORGED.has(name) || name.startsWith("ssl-client-")) return "only the gateway may say this";
  if (name.startsWith("x-forwarded-") && trustedHops === 0)
    return "it is believed from trusted proxies only, and none is set up";
  if (name === "te" && value !== "" && !/\btrailers\b/i.test(value)) return CONNECTION;
  const kept = upgrade && (name === "connection" || name === "upgrade");
  return HOP_BY_HOP.has(name) && !kept ? CONNECTION : undefined;
}

const CONNECTION = "it concerns the connection and not the request";

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
