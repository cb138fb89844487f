import { isFalse, isTrue, placesOf } from "../site.ts";
import { differs, type Rule, type Rules, same } from "./rule.ts";

const needsSecret: Rule = (at) =>
  at.source("proxy-ssl-secret") === ""
    ? differs("ingress-nginx ignores it without proxy-ssl-secret; here it counts.")
    : undefined;

const onlyIfTrue =
  (text: string): Rule =>
  (at) =>
    isTrue(at.text) ? { outcome: "no-effect", text } : undefined;

const PLAIN = ["", "HTTP"];

/** Backends, affinity and TLS to backends of ingress-nginx. */
export const BACKENDS: Rules = {
  "backend-protocol": ({ text }) =>
    ["FCGI", "AJP"].includes(text.toUpperCase())
      ? { outcome: "refused", text: "Not spoken here: the backend gets HTTP, which it does not understand." }
      : text.toUpperCase() === "HTTP2"
        ? differs("ingress-nginx does not know HTTP2 and speaks HTTP/1.1; here it is HTTP/2.", {
            "backend-protocol": "HTTP",
          })
        : undefined,
  affinity: (at) => cookiePath(at),
  "session-cookie-name": (at) => needsAffinity(at),
  "session-cookie-path": (at) => needsAffinity(at),
  "session-cookie-expires": (at) =>
    at.source("session-cookie-max-age") === ""
      ? same("Written as Max-Age with the same seconds, not as Expires.")
      : undefined,
  "session-cookie-change-on-failure": onlyIfTrue("A cookie does not change when its endpoint fails."),
  "session-cookie-conditional-samesite-none": onlyIfTrue(
    "SameSite=None is written for every client; ingress-nginx leaves it out for some old browsers.",
  ),
  "load-balance": ({ text }) =>
    text === "ewma"
      ? differs(
          "ewma weighs endpoints by their latency; it is not known here, and round_robin is used. least_conn comes closest.",
        )
      : undefined,
  "upstream-hash-by": ({ text }) => {
    if (text === "$binary_remote_addr")
      return differs("Not known here under this name; $remote_addr is the same address.", {
        "upstream-hash-by": "$remote_addr",
      });
    return same("Sessions move once: the hash ring here is another one than NGINX's.");
  },
  "upstream-hash-by-subset": onlyIfTrue(
    "Every request of a hash key goes to one endpoint here, not to one of a few.",
  ),
  "upstream-hash-by-subset-size": (at) =>
    isTrue(at.source("upstream-hash-by-subset"))
      ? { outcome: "no-effect", text: "There are no subsets here." }
      : undefined,
  "proxy-ssl-secret": (at) => {
    if (!PLAIN.includes(at.source("backend-protocol").toUpperCase())) return undefined;
    if (at.source("backend-protocol") !== "") return undefined;
    return differs(
      "Without backend-protocol it means HTTPS to the backend here; ingress-nginx stays on HTTP.",
      { "backend-protocol": "HTTP" },
    );
  },
  "proxy-ssl-verify": (at) =>
    needsSecret(at) ??
    (at.text === "on"
      ? same("A name in the subject alone, not in the subject alternative names, does not count here.")
      : undefined),
  "proxy-ssl-name": needsSecret,
  "proxy-ssl-server-name": needsSecret,
  "proxy-ssl-protocols": needsSecret,
  "proxy-ssl-ciphers": needsSecret,
  "proxy-ssl-verify-depth": (at) =>
    needsSecret(at) ?? same("Envoy accepts a longer chain to one of ca.crt as well."),
};

/** A name or path of the cookie switches affinity on here, and does nothing there without `affinity`. */
const needsAffinity: Rule = (at) =>
  at.source("affinity") === "cookie"
    ? undefined
    : differs(
        "ingress-nginx ignores it without affinity: cookie; here it switches affinity on, so that clients get a cookie and stay at one endpoint.",
      );

/** ingress-nginx writes the rule's path on the cookie, this gateway `/`. */
const cookiePath: Rule = (at) => {
  if (at.text !== "cookie" || at.source("session-cookie-path") !== "") return undefined;
  const paths = [...new Set(placesOf(at.ingress, "ingress-nginx").map(({ path: { path } }) => path || "/"))];
  if (paths.every((path) => path === "/")) return undefined;
  const only = paths.length === 1 ? paths[0] : undefined;
  const isPattern = isTrue(at.source("use-regex")) || at.source("rewrite-target") !== "";
  return differs(
    `Without session-cookie-path the cookie has the path of the rule on ingress-nginx (${paths.slice(0, 3).join(", ")}), so that each path has a session of its own; here it is /.`,
    only === undefined || isPattern || isFalse(at.text) ? undefined : { "session-cookie-path": only },
  );
};
