import { isFalse } from "./site.ts";

const PASSWORDS = "a password (basic authentication)";
const EXTERNAL = "a question to an authentication service";
const CLIENT = "a client certificate";
const WAF = "the WAF (ModSecurity)";
const LIMIT = "a limit on clients";

/**
 * Keys that keep somebody out, with what they ask for or do. Used where this gateway does not do what the key says: no feature
 * declares it, or its feature says that it has no effect. As soon as a feature acts on a key, nothing here is used.
 */
const PROTECTIONS: Readonly<Record<string, string>> = {
  "auth-type": PASSWORDS,
  "auth-url": EXTERNAL,
  "auth-tls-secret": CLIENT,
  "auth-tls-match-cn": CLIENT,
  "auth-tls-verify-client": CLIENT,
  "enable-modsecurity": WAF,
  "enable-owasp-core-rules": WAF,
  "modsecurity-snippet": WAF,
  wasmplugin: "a plugin, which may keep somebody out",
  "limit-connections": LIMIT,
  "limit-rps": LIMIT,
  "limit-rpm": LIMIT,
  "rate-limit": "a limit on all requests",
  "concurrency-limit": "a limit on requests in flight",
  "global-rate-limit": "a limit on all requests",
  "whitelist-source-range": "an address list",
  "allowlist-source-range": "an address list",
  "denylist-source-range": "an address list",
  "blacklist-source-range": "an address list",
  "domain-whitelist-source-range": "an address list",
  "domain-blacklist-source-range": "an address list",
  "proxy-body-size": "a limit on bodies",
  "ssl-passthrough": "TLS from the client to the backend",
  "proxy-ssl-verify": "the check of the backend's certificate",
};

/** Keys of ingress-nginx or Higress that belong to a protection, by how they begin. */
const HELPERS = ["auth-", "modsecurity-", "enable-global-auth", "satisfy", "global-rate-limit"];

/** Further keys of ingress-nginx 1.15. Source: its annotation page. */
const NGINX_ONLY: ReadonlySet<string> = new Set([
  "custom-http-errors",
  "default-backend",
  "disable-proxy-intercept-errors",
  "denylist-source-range",
  "ssl-ciphers",
  "ssl-passthrough",
  "tls-min-protocol-version",
  "tls-max-protocol-version",
  "http2-push-preload",
  "proxy-ssl-verify",
  "enable-access-log",
  "proxy-add-original-uri-header",
  "opentelemetry-operation-name",
  "server-alias",
]);

/** What the key protected, or undefined if its value asks for no protection. */
export function protectionOf(key: string, text: string): string | undefined {
  if (!Object.hasOwn(PROTECTIONS, key) || isFalse(text) || text === "off") return undefined;
  return PROTECTIONS[key];
}

/** Whether the key is a protection by itself, where its value asks for one. */
export function isProtection(key: string): boolean {
  return Object.hasOwn(PROTECTIONS, key);
}

/** Whether the key belongs to a protection, without being one by itself. */
export function helpsProtect(key: string): boolean {
  return HELPERS.some((start) => key.startsWith(start));
}

/** Whether ingress-nginx is known to know a key that no feature here declares. */
export function isKnownToNginx(key: string): boolean {
  return NGINX_ONLY.has(key) || Object.hasOwn(PROTECTIONS, key) || helpsProtect(key);
}
