import { isFalse, isTrue } from "../site.ts";
import { differs, type Rules, same, whole } from "./rule.ts";

/** What differs from Higress 2. */
export const HIGRESS: Rules = {
  "ssl-redirect": ({ text }) =>
    isFalse(text) ? same("Here it has to be said, as the gateway redirects by default.") : undefined,
  "canary-by-header-value": (at) =>
    at.source("canary-by-header") === ""
      ? undefined
      : differs(
          `On Higress the value always of ${at.source("canary-by-header")} goes to the canary besides ${at.text}; here only ${at.text} does.`,
        ),
  "canary-weight": (at) => {
    const [weight, total] = [whole(at.text), whole(at.source("canary-weight-total") || "100")];
    if (weight === undefined || !total) return undefined;
    const share = (weight * 100) / total;
    return Number.isInteger(share)
      ? undefined
      : differs(`Higress rounds the share to whole percent; here it is ${share.toFixed(3)} %.`);
  },
  "cors-allow-credentials": (at) => {
    const origins = at.source("cors-allow-origin") || "*";
    return isTrue(at.text) && origins.trim() === "*"
      ? same("With origin * every site may read with the user's cookies, as on Higress.")
      : undefined;
  },
  "enable-cors": (at) =>
    isTrue(at.text) &&
    ["", "*"].includes(at.source("cors-allow-origin")) &&
    at.source("cors-allow-credentials") === ""
      ? differs(
          "With origin * Higress lets every site read with the user's cookies; here only if cors-allow-credentials is explicitly true.",
          { "cors-allow-credentials": "true" },
        )
      : undefined,
  "cors-allow-origin": ({ text }) =>
    /[,*]/.test(text) || !text.includes("://")
      ? same("Several origins, wildcards and a bare host are understood; a bad item is dropped and reported.")
      : undefined,
  "route-limit-burst-multiplier": ({ text }) => {
    const factor = whole(text);
    return factor !== undefined && factor > 10
      ? differs(`Higress lets ${factor} times the limit come at once; here at most 10 times.`)
      : undefined;
  },
  "affinity-mode": ({ text }) =>
    text === "persistent"
      ? differs("Higress knows balanced only; here a session stays at its endpoint.")
      : undefined,
  "backend-protocol": ({ text }) =>
    text.toUpperCase() === "AUTO_HTTP"
      ? differs("Higress does not know AUTO_HTTP; here the client's scheme decides.")
      : undefined,
  "proxy-next-upstream": ({ text }) =>
    text.split(/[\s,]+/).some((word) => ["off", "non_idempotent"].includes(word))
      ? undefined
      : differs("Higress sends a POST again that was sent already; here not unless non_idempotent is there."),
};

/** Keys that Higress 2 reads under `nginx.ingress.kubernetes.io/`, or families of them. Source: its annotation parsers. */
export const HIGRESS_KEYS: ReadonlySet<string> = new Set([
  "affinity",
  "affinity-canary-behavior",
  "affinity-mode",
  "app-root",
  "auth-realm",
  "auth-secret",
  "auth-secret-type",
  "auth-tls-secret",
  "auth-type",
  "backend-protocol",
  "blacklist-source-range",
  "canary",
  "canary-by-cookie",
  "canary-by-header",
  "canary-by-header-pattern",
  "canary-by-header-value",
  "canary-weight",
  "canary-weight-total",
  "cors-allow-credentials",
  "cors-allow-headers",
  "cors-allow-methods",
  "cors-allow-origin",
  "cors-expose-headers",
  "cors-max-age",
  "custom-http-errors",
  "default-backend",
  "domain-blacklist-source-range",
  "domain-whitelist-source-range",
  "enable-cors",
  "force-ssl-redirect",
  "load-balance",
  "permanent-redirect",
  "permanent-redirect-code",
  "proxy-next-upstream",
  "proxy-next-upstream-timeout",
  "proxy-next-upstream-tries",
  "proxy-ssl-name",
  "proxy-ssl-secret",
  "proxy-ssl-server-name",
  "proxy-ssl-verify",
  "rewrite-target",
  "server-alias",
  "session-cookie-expires",
  "session-cookie-max-age",
  "session-cookie-name",
  "session-cookie-path",
  "ssl-cipher",
  "ssl-redirect",
  "temporal-redirect",
  "upstream-hash-by",
  "upstream-vhost",
  "use-regex",
  "whitelist-source-range",
]);
