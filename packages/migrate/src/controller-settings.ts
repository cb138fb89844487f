import type { ConfigMap } from "@sluice/model";
import type { TargetGateway } from "./controller-defaults.ts";
import type { SettingReport } from "./report.ts";
import { isFalse, isTrue } from "./site.ts";

type Verdict = Omit<SettingReport, "key" | "value">;
type SettingRule = (value: string, gateway: TargetGateway) => Verdict;

const same = (text: string): Verdict => ({ outcome: "same", text });
const differs = (text: string): Verdict => ({ outcome: "differs", text });
const noEffect = (text: string): Verdict => ({ outcome: "no-effect", text });
const refused = (text: string, lost?: string): Verdict => ({
  outcome: "refused",
  text,
  ...(lost !== undefined && { lost }),
});

const annotation = (key: string): string => `set the annotation ${key} on the Ingresses`;

/** The value that this gateway has by itself is the same; any other has to be said on the Ingresses. */
const perIngress =
  (here: string, key: string): SettingRule =>
  (value) =>
    value === here
      ? same(`The gateway does so by itself.`)
      : differs(`Without an annotation ${value} there, ${here} here: ${annotation(key)}.`);

/** Of use only when switched on. */
const ifOn =
  (verdict: Verdict, off = "Off, as here."): SettingRule =>
  (value) =>
    value === "" || isFalse(value) || value === "off" ? same(off) : verdict;

const always =
  (verdict: Verdict): SettingRule =>
  () =>
    verdict;

const ADDRESS_LIST = "an address list for all hosts";
const AUTHENTICATION = "authentication for all Ingresses";

const HSTS_SETTING =
  "there is no setting for the gateway yet: set response-header-control-update Strict-Transport-Security on the Ingresses";
const HSTS = `Strict-Transport-Security is sent over https there, and not here; ${HSTS_SETTING}.`;
const HSTS_PART = `Part of Strict-Transport-Security; ${HSTS_SETTING}.`;

function limitStatus(value: string, { clientLimitStatus }: TargetGateway): Verdict {
  if (value === `${clientLimitStatus}`) return same("The gateway does the same.");
  const advice =
    value === "429" || value === "503"
      ? `set --client-limit-status ${value} (clientLimitStatus)`
      : "the gateway knows 503 and 429";
  return differs(
    `Who is over a limit per client gets ${value} there and ${clientLimitStatus} here: ${advice}.`,
  );
}

const RULES: Readonly<Record<string, SettingRule>> = {
  "proxy-body-size": (value) =>
    value === "0"
      ? same("No limit, as here.")
      : differs(
          `Without an annotation bodies are limited to ${value} there, and not here: ${annotation("proxy-body-size")}.`,
        ),
  "proxy-connect-timeout": perIngress("5", "proxy-connect-timeout"),
  "proxy-read-timeout": (value, gateway) =>
    perIngress(`${gateway.streamIdle}`, "proxy-read-timeout")(value, gateway),
  "proxy-send-timeout": (value, gateway) =>
    perIngress(`${gateway.streamIdle}`, "proxy-send-timeout")(value, gateway),
  "proxy-request-buffering": perIngress("off", "proxy-request-buffering"),
  "proxy-next-upstream": (value) =>
    value === "error timeout"
      ? same("The same conditions.")
      : differs(`${value} there, error timeout here: ${annotation("proxy-next-upstream")}.`),
  "proxy-next-upstream-tries": (value) =>
    value === "4"
      ? same("4 tries are 3 retries, as here.")
      : differs(
          `${value} tries in all there (0: no limit), 3 retries after the first try here: ${annotation("proxy-next-upstream-tries")}, one less than there.`,
        ),
  "proxy-next-upstream-timeout": (value) =>
    value === "0"
      ? same("No limit, as here.")
      : differs(
          `${value} s for all tries there, no limit here. The annotation of this name is for each try here.`,
        ),
  "retry-non-idempotent": ifOn(
    differs(
      `POST is sent again there, and not here: add non_idempotent to the annotation proxy-next-upstream.`,
    ),
  ),
  "ssl-redirect": (value, { sslRedirect }) =>
    isTrue(value) === sslRedirect
      ? same("The gateway does the same.")
      : differs(`Set --ssl-redirect ${isTrue(value)} (sslRedirect) on the gateway.`),
  "force-ssl-redirect": ifOn(
    differs(`No setting for the whole gateway: ${annotation("force-ssl-redirect")}.`),
  ),
  "http-redirect-code": (value) =>
    value === "308"
      ? same("308 here too.")
      : differs(`The redirect to https is ${value} there, always 308 here.`),
  "no-tls-redirect-locations": (value) =>
    value === "/.well-known/acme-challenge"
      ? same("The same path is left out here.")
      : differs(
          `${value} is not redirected there; here only rules for /.well-known/acme-challenge are left out: set ssl-redirect false on Ingresses of their own.`,
        ),
  hsts: (value) => (isFalse(value) ? same("Off, as here.") : differs(HSTS)),
  "hsts-max-age": always(differs(HSTS_PART)),
  "hsts-include-subdomains": always(differs(HSTS_PART)),
  "hsts-preload": ifOn(differs(HSTS_PART)),
  "use-forwarded-headers": (value, { trustedHops }) =>
    isTrue(value) === trustedHops > 0
      ? same("The gateway does the same.")
      : differs(
          isTrue(value)
            ? "Headers of the proxies in front are believed there: set --trusted-hops (trustedHops) to how many there are."
            : "Headers of clients are not believed there: leave --trusted-hops 0.",
        ),
  "compute-full-forwarded-for": ifOn(
    differs(
      "X-Forwarded-For holds the client's address alone here; what came is in X-Original-Forwarded-For.",
    ),
  ),
  "forwarded-for-header": (value) =>
    value.toLowerCase() === "x-forwarded-for"
      ? same("The same header.")
      : refused(
          `The client's address is read from X-Forwarded-For only, not from ${value}.`,
          "address lists and limits, which go by the client's address",
        ),
  "proxy-real-ip-cidr": (value) =>
    value === "0.0.0.0/0"
      ? same("Everybody, as there.")
      : differs(
          "Which proxies are believed goes by their number here, not by address: set --trusted-hops (trustedHops).",
        ),
  "enable-real-ip": ifOn(differs("Set --trusted-hops (trustedHops) to the number of proxies in front.")),
  "use-proxy-protocol": ifOn(
    refused(
      "The PROXY protocol is not spoken yet: connections that begin with it fail.",
      "the client's address, by which address lists and limits go",
    ),
  ),
  "whitelist-source-range": (value) =>
    value === ""
      ? same("Empty.")
      : refused(
          "Set spec.global.ipAccessControl.whitelist of the MseIngressConfig to the same list.",
          ADDRESS_LIST,
        ),
  "denylist-source-range": (value) =>
    value === ""
      ? same("Empty.")
      : refused(
          "Set spec.global.ipAccessControl.blacklist of the MseIngressConfig to the same list.",
          ADDRESS_LIST,
        ),
  "block-cidrs": (value) =>
    value === ""
      ? same("Empty.")
      : refused(
          "Set spec.global.ipAccessControl.blacklist of the MseIngressConfig to the same list.",
          ADDRESS_LIST,
        ),
  "block-user-agents": (value) =>
    value === "" ? same("Empty.") : refused("Not done by this gateway.", "the refusal of user agents"),
  "block-referers": (value) =>
    value === "" ? same("Empty.") : refused("Not done by this gateway.", "the refusal of referers"),
  "enable-modsecurity": ifOn(refused("Not yet done by this gateway.", "the WAF (ModSecurity)")),
  "enable-owasp-modsecurity-crs": ifOn(
    refused("Not yet done by this gateway.", "the WAF (OWASP Core Rule Set)"),
  ),
  "modsecurity-snippet": always(refused("Not yet done by this gateway.", "the WAF (ModSecurity)")),
  "global-auth-url": (value) =>
    value === ""
      ? same("Empty.")
      : refused("Authentication for the whole gateway is not yet done.", AUTHENTICATION),
  "no-auth-locations": always(noEffect("There is no authentication for the whole gateway.")),
  "limit-req-status-code": limitStatus,
  "limit-conn-status-code": limitStatus,
  "custom-http-errors": (value) =>
    value === ""
      ? same("Empty.")
      : refused(
          `No setting for the whole gateway: the answers ${value} are passed on as they are. Use the annotations custom-http-errors and default-backend on the Ingresses.`,
        ),
  "proxy-set-headers": always(
    refused(
      `The headers of this ConfigMap are not sent to backends: ${annotation("request-header-control-update")}.`,
    ),
  ),
  "add-headers": always(
    refused(
      `The headers of this ConfigMap are not set on answers, which may be a protection in browsers: ${annotation("custom-headers or response-header-control-update")}.`,
      "headers of answers",
    ),
  ),
  "hide-headers": always(differs(`${annotation("response-header-control-remove")}.`)),
  "global-allowed-response-headers": always(
    differs("Every header of the annotation custom-headers is set here, also one that this list lacks."),
  ),
  "ssl-protocols": (value) => {
    const versions = value.split(/\s+/).filter(Boolean).sort().join(" ");
    return versions === "TLSv1.2 TLSv1.3"
      ? same("TLS 1.2 and 1.3, as here.")
      : differs(
          `${value} there; TLS 1.2 and 1.3 here. Use the annotations tls-min-protocol-version and tls-max-protocol-version where a host needs others.`,
        );
  },
  "ssl-ciphers": always(
    differs("Envoy's own list of ciphers is used; a host may have its own by the annotation ssl-cipher."),
  ),
  "disable-access-log": (value, { accessLog }) =>
    isTrue(value) === !accessLog
      ? same("The gateway does the same.")
      : differs(`Set --access-log ${isTrue(value) ? "false" : "true"} (accessLog) on the gateway.`),
  "log-format-upstream": always(differs("The access log has one form here, JSON (--access-log true).")),
  "log-format-escape-json": always(noEffect("The access log is JSON here, escaped as such.")),
  "access-log-path": always(noEffect("The access log goes to standard output.")),
  "enable-opentelemetry": (value, { tracing }) =>
    isTrue(value) === tracing
      ? same("The gateway does the same.")
      : differs(
          "Set --tracing-collector HOST:PORT (tracingCollector), and spec.monitor.tracing.openTelemetry.sampleRate of the MseIngressConfig.",
        ),
  "otlp-collector-host": always(
    differs("Set --tracing-collector HOST:PORT (tracingCollector) to the same collector."),
  ),
  "otlp-collector-port": always(
    differs("Set --tracing-collector HOST:PORT (tracingCollector) to the same collector."),
  ),
  "otel-sampler-ratio": always(
    differs("Set spec.monitor.tracing.openTelemetry.sampleRate of the MseIngressConfig, in percent."),
  ),
  "otel-service-name": always(
    differs("The service name is the gateway's (spec.name of the MseIngressConfig)."),
  ),
  "load-balance": (value) =>
    value === "round_robin"
      ? same("round_robin, as here.")
      : differs(
          `${value} there, round_robin here: ${annotation("load-balance")} (least_conn comes closest to ewma).`,
        ),
  "use-gzip": ifOn(differs("Answers are not compressed here.")),
  "enable-brotli": ifOn(differs("Answers are not compressed here.")),
  "server-tokens": ifOn(
    differs("Server: nginx is sent there; here the backend's own Server header is passed on."),
  ),
  "allow-backend-server-header": (value) =>
    isTrue(value)
      ? same("The backend's Server header is passed on, as here.")
      : differs("The backend's Server header is hidden there, and passed on here."),
  "enable-underscores-in-headers": ifOn(
    differs("Request headers with _ in their names are dropped here, which cannot be changed."),
  ),
  "ignore-invalid-headers": (value) =>
    isTrue(value)
      ? same("Dropped or refused here too.")
      : differs("Headers with invalid names are dropped or refused here."),
  "proxy-cookie-domain": (value) =>
    value === "off" ? same("Off, as here.") : differs(`${annotation("proxy-cookie-domain")}.`),
  "proxy-cookie-path": (value) =>
    value === "off" ? same("Off, as here.") : differs(`${annotation("proxy-cookie-path")}.`),
  "limit-rate": (value) =>
    value === "0" ? same("No limit, as here.") : differs(`${annotation("limit-rate")}.`),
  "limit-rate-after": always(noEffect("A response with a limit-rate is limited from its first byte.")),
  "large-client-header-buffers": always(
    differs("Headers of a request may have 60 KiB together here; larger ones get 431."),
  ),
  "client-header-timeout": (value) =>
    value === "10"
      ? same("10 s, as here.")
      : differs(`${value} s there; 10 s for the headers of a request here.`),
  "client-body-timeout": always(
    differs(
      "Silence of a client ends a request after 300 s here, or what proxy-read-timeout and proxy-send-timeout say.",
    ),
  ),
  "keep-alive": (value) =>
    value === "3600"
      ? same("The same.")
      : differs(`An idle connection of a client is kept for ${value} s there, and for 3600 s here.`),
  "upstream-keepalive-timeout": (value) =>
    value === "60"
      ? same("60 s, as here.")
      : differs(`An idle connection to a backend is kept for ${value} s there, and for 60 s here.`),
  "http2-max-concurrent-streams": (value) =>
    value === "100" ? same("100, as here.") : differs(`${value} there, 100 here.`),
  "worker-processes": always(noEffect("Set --concurrency (concurrency) if Envoy shall not use all cores.")),
  "worker-shutdown-timeout": (value) =>
    value === "240s" ? same("240 s, as here.") : differs("Set --drain-seconds (drainSeconds)."),
  "use-http2": (value) => (isTrue(value) ? same("On, as here.") : differs("HTTP/2 is always offered here.")),
  "generate-request-id": (value) =>
    isTrue(value)
      ? same("Every request has an X-Request-ID here too.")
      : differs("Every request has an X-Request-ID here."),
  "allow-cross-namespace-resources": (value, { allowCrossNamespace }) =>
    isTrue(value) === allowCrossNamespace
      ? same("The gateway does the same.")
      : differs(
          "Set --allow-cross-namespace (allowCrossNamespace) if annotations may name Secrets and ConfigMaps of other namespaces.",
        ),
  "service-upstream": ifOn(
    differs(
      `Services are reached by their cluster IP there, by their endpoints here: ${annotation("service-upstream")}.`,
    ),
  ),
  "use-port-in-redirects": ifOn(differs(`${annotation("use-port-in-redirects")}.`)),
  "relative-redirects": ifOn(differs(`${annotation("relative-redirects")}.`)),
  "ssl-reject-handshake": ifOn(
    differs(
      "TLS for a host that nobody has is refused there; here it gets the default certificate, and the request 404.",
    ),
  ),
  "disable-ipv6": ifOn(noEffect("Set --listen-address (listenAddress).")),
  "bind-address": always(differs("Set --listen-address (listenAddress).")),
  "strict-validate-path-type": (value) =>
    isTrue(value)
      ? differs(
          "Ingresses that ingress-nginx refuses for characters in a path of type Exact or Prefix are served here.",
        )
      : same("Paths are not refused for their type here."),
  "allow-snippet-annotations": ifOn(
    differs("Snippets of Ingresses were in force there; here all are refused. See the Ingresses."),
  ),
  "annotation-value-word-blocklist": always(
    noEffect(
      "No annotation becomes configuration text here, so no word is dangerous; values are checked one by one.",
    ),
  ),
  "annotations-risk-level": always(
    noEffect("No annotation becomes configuration text here; snippets are refused at any level."),
  ),
};

/** Tuning of NGINX itself. */
const TUNING =
  /^(?:gzip-|brotli-|.*-hash-(?:bucket|max)-size$|.*-hash-size$|max-worker-|worker-cpu-|reuse-port$|enable-multi-accept$|error-log-|nginx-status-|upstream-keepalive-|keep-alive-requests$|client-(?:header|body)-buffer-size$|proxy-buff|proxy-busy-|proxy-max-temp|proxy-headers-|variables-|http2-max-|grpc-buffer|ssl-(?:session|buffer|early|prefer|ecdh|dh)|debug-connections$|lua-shared-dicts$|proxy-stream-|skip-access-log-urls$|enable-(?:access-log-for|aio)|global-rate-limit-)/;

/** Names of directives that may protect, in a snippet; the feature for snippets says the same of an Ingress's own. */
export type ProtectionsIn = (snippet: string) => readonly string[];

/** Each key of the controller's ConfigMap, in order. A key that nobody knows is listed as such. */
export function controllerSettings(
  { data }: ConfigMap,
  gateway: TargetGateway,
  protectionsIn: ProtectionsIn,
): readonly SettingReport[] {
  return Object.entries(data)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, value, ...settingVerdict(key, value.trim(), gateway, protectionsIn) }));
}

function settingVerdict(
  key: string,
  value: string,
  gateway: TargetGateway,
  protectionsIn: ProtectionsIn,
): Verdict {
  const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
  if (rule !== undefined) return rule(value, gateway);
  if (key.endsWith("-snippet")) {
    if (value === "") return same("Empty.");
    const lost = protectionsIn(value).join(", ");
    return refused(
      "Configuration for NGINX, of which nothing has an effect here.",
      lost === "" ? undefined : lost,
    );
  }
  if (key.startsWith("global-auth-"))
    return refused("Belongs to authentication for the whole gateway, which is not yet done.");
  if (TUNING.test(key)) return noEffect("Tuning of NGINX, with nothing to do on Envoy.");
  return { outcome: "unknown", text: "Not known to this check: compare it yourself." };
}
