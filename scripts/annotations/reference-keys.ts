/**
 * The keys of the annotation reference, by its headings and in its order: what the index page lists, and what `make coverage`
 * wants declared and tested. Another name of a key stands beside it. `*` stands for a name of the user's.
 */
export interface KeyGroup {
  readonly title: string;
  readonly keys: readonly string[];
}

const FALLBACK_ENDINGS = [
  "custom-response-code",
  "custom-response-body-type",
  "custom-response-body",
  "redirect-url",
];

const fallbackOf = (limit: string): string[] =>
  FALLBACK_ENDINGS.map((ending) => `${limit}-fallback-${ending}`);

export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    title: "Canary",
    keys: [
      "canary",
      "canary-by-header",
      "canary-by-header-value",
      "canary-by-header-pattern",
      "canary-by-query",
      "canary-by-query-value",
      "canary-by-query-pattern",
      "canary-by-cookie",
      "canary-by-cookie-value",
      "canary-weight",
      "canary-weight-total",
      "affinity-canary-behavior",
    ],
  },
  {
    title: "Backends",
    keys: [
      "destination",
      "service-subset",
      "subset-labels",
      "default-backend",
      "custom-http-errors",
      "disable-proxy-intercept-errors",
      "server-alias",
      "service-upstream",
    ],
  },
  {
    title: "Matching",
    keys: [
      "use-regex",
      "full-path-regex",
      "ignore-path-case",
      "match-method",
      ...["header", "query", "pseudo-header"].flatMap((what) =>
        ["exact", "prefix", "regex"].map((how) => `${how}-match-${what}-*`),
      ),
    ],
  },
  {
    title: "Rewrite and redirect",
    keys: [
      "rewrite-target",
      "rewrite-path",
      "upstream-vhost",
      "x-forwarded-prefix",
      "ssl-redirect",
      "force-ssl-redirect",
      "preserve-trailing-slash",
      "temporal-redirect",
      "temporal-redirect-code",
      "permanent-redirect",
      "permanent-redirect-code",
      "relative-redirects",
      "app-root",
      "from-to-www-redirect",
      "use-port-in-redirects",
    ],
  },
  {
    title: "CORS",
    keys: [
      "enable-cors",
      "cors-allow-origin",
      "cors-allow-methods",
      "cors-allow-headers",
      "cors-expose-headers",
      "cors-allow-credentials",
      "cors-max-age",
    ],
  },
  {
    title: "Header control",
    keys: [
      "request-header-control-add",
      "request-header-control-update",
      "request-header-control-remove",
      "response-header-control-add",
      "response-header-control-update",
      "response-header-control-remove",
    ],
  },
  {
    title: "Timeouts and retries",
    keys: [
      "timeout",
      "proxy-connect-timeout",
      "proxy-read-timeout",
      "proxy-send-timeout",
      "proxy-next-upstream-tries",
      "proxy-next-upstream-timeout",
      "proxy-next-upstream",
    ],
  },
  {
    title: "Mirroring",
    keys: [
      "mirror-target-service",
      "mirror-percentage",
      "mirror-target-fqdn",
      "mirror-target-fqdn-port",
      "mirror-target",
      "mirror-host",
      "mirror-request-body",
    ],
  },
  {
    title: "Throttling",
    keys: [
      "route-limit-rps",
      "route-limit-rpm",
      "route-limit-burst-multiplier",
      "limit-rps",
      "limit-rpm",
      "limit-burst-multiplier",
      "limit-connections",
      "limit-allowlist",
      "limit-whitelist",
      "limit-rate",
      "limit-rate-after",
      "rate-limit",
      ...fallbackOf("rate-limit"),
      "concurrency-limit",
      ...fallbackOf("concurrency-limit"),
    ],
  },
  {
    title: "Backend protocol and load balancing",
    keys: [
      "backend-protocol",
      "load-balance",
      "upstream-hash-by",
      "upstream-hash-by-subset",
      "upstream-hash-by-subset-size",
      "warmup",
      "affinity",
      "affinity-mode",
      "session-cookie-name",
      "session-cookie-path",
      "session-cookie-max-age",
      "session-cookie-expires",
      "session-cookie-samesite",
      "session-cookie-secure",
      "session-cookie-domain",
      "session-cookie-change-on-failure",
      "session-cookie-conditional-samesite-none",
      "connection-policy-tcp-max-connection",
      "connection-policy-tcp-max-connection-per-endpoint",
      "connection-policy-http-max-request-per-connection",
    ],
  },
  {
    title: "IP access control",
    keys: [
      "whitelist-source-range",
      "allowlist-source-range",
      "denylist-source-range",
      "blacklist-source-range",
      "domain-whitelist-source-range",
      "domain-blacklist-source-range",
    ],
  },
  {
    title: "TLS between client and gateway",
    keys: [
      "tls-min-protocol-version",
      "tls-max-protocol-version",
      "ssl-cipher",
      "ssl-ciphers",
      "auth-tls-secret",
      "auth-tls-verify-client",
      "auth-tls-verify-depth",
      "auth-tls-pass-certificate-to-upstream",
      "auth-tls-match-cn",
      "auth-tls-error-page",
    ],
  },
  {
    title: "TLS between gateway and backend",
    keys: [
      "proxy-ssl-secret",
      "proxy-ssl-verify",
      "proxy-ssl-name",
      "proxy-ssl-server-name",
      "proxy-ssl-protocols",
      "proxy-ssl-ciphers",
      "proxy-ssl-verify-depth",
    ],
  },
  {
    title: "Authentication",
    keys: [
      "auth-type",
      "auth-secret",
      "auth-secret-type",
      "auth-realm",
      "auth-url",
      "auth-method",
      "auth-response-headers",
      "auth-signin",
      "auth-signin-redirect-param",
      "auth-always-set-cookie",
      "auth-proxy-set-headers",
      "auth-request-redirect",
      "auth-cache-key",
      "auth-cache-duration",
      "enable-global-auth",
      "satisfy",
    ],
  },
  {
    title: "WAF",
    keys: [
      "enable-modsecurity",
      "enable-owasp-core-rules",
      "modsecurity-transaction-id",
      "modsecurity-snippet",
      "wasmplugin",
    ],
  },
  {
    title: "Bodies, cookies, headers and logs",
    keys: [
      "proxy-body-size",
      "proxy-request-buffering",
      "proxy-cookie-domain",
      "proxy-cookie-path",
      "proxy-redirect-from",
      "proxy-redirect-to",
      "custom-headers",
      "enable-access-log",
      "enable-opentelemetry",
      "opentelemetry-trust-incoming-span",
      "opentelemetry-operation-name",
      "ssl-passthrough",
    ],
  },
  {
    title: "Accepted, nothing to do on Envoy",
    keys: [
      "proxy-buffering",
      "proxy-buffers-number",
      "proxy-buffer-size",
      "proxy-busy-buffers-size",
      "proxy-max-temp-file-size",
      "proxy-http-version",
      "connection-proxy-header",
      "client-body-buffer-size",
      "enable-rewrite-log",
      "http2-push-preload",
      "ssl-prefer-server-ciphers",
      "auth-keepalive",
      "auth-keepalive-requests",
      "auth-keepalive-timeout",
      "auth-keepalive-share-vars",
    ],
  },
  {
    title: "Refused",
    keys: [
      "configuration-snippet",
      "server-snippet",
      "stream-snippet",
      "auth-snippet",
      "fastcgi-index",
      "fastcgi-params-configmap",
    ],
  },
  {
    title: "Out of scope",
    keys: [
      "mcp-server",
      "mcp-server-*",
      "mcp-sse-stateful-param-name",
      "rpc-destination-name",
      "http2rpc-name",
    ],
  },
];

const keysOf = (title: string): readonly string[] =>
  KEY_GROUPS.find((group) => group.title === title)?.keys ?? [];

/**
 * Keys that no feature declares yet, by the work that they belong to. A key that is declared must not stand here, so that the
 * list shrinks and cannot lie.
 */
export const PENDING: Readonly<Record<string, readonly string[]>> = {
  "authentication and WAF": [...keysOf("Authentication"), ...keysOf("WAF")],
};
