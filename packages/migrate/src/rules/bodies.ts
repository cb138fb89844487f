import type { Judgement } from "../report.ts";
import { isTrue } from "../site.ts";
import { bytesOf, differs, type RuleContext, type Rules, same, whole } from "./rule.ts";

/** The most that is held of a body whose length is not said: Envoy's buffer filter. */
const HELD = 99_999_999;
const HELD_WORDS = "99,999,999 bytes (95 MiB)";

/** The largest burst factor here. */
const MAX_BURST = 10;

/** Bodies, limits, headers and CORS of ingress-nginx. */
export const BODIES: Rules = {
  "proxy-body-size": ({ text }) => {
    const size = bytesOf(text);
    if (size === undefined || size === 0) return undefined;
    return size > HELD
      ? differs(
          `The limit is the same for bodies with Content-Length. Without one a body may have at most ${HELD_WORDS} here; on ingress-nginx ${text}.`,
        )
      : same("A body without Content-Length is held before the backend sees any of it.");
  },
  "proxy-request-buffering": ({ text }) =>
    text === "on"
      ? differs(
          `ingress-nginx holds every body, large ones on disk; here bodies of ${HELD_WORDS} and more, or without Content-Length, are passed on as they come.`,
        )
      : undefined,
  "limit-rps": (at) => limitStatus("limit-req-status-code", at),
  "limit-rpm": (at) => limitStatus("limit-req-status-code", at),
  "limit-connections": (at) => limitStatus("limit-conn-status-code", at),
  "limit-burst-multiplier": ({ text }) => {
    const factor = whole(text);
    return factor !== undefined && factor > MAX_BURST
      ? differs(`ingress-nginx lets ${factor} times the limit come at once; here at most ${MAX_BURST} times.`)
      : undefined;
  },
  "limit-rate-after": ({ text }) =>
    whole(text) === 0
      ? undefined
      : differs(
          "ingress-nginx sends so many KB at full speed first; here the limit holds from the first byte.",
        ),
  "custom-headers": (at) =>
    at.defaults.known && at.defaults.isSet("global-allowed-response-headers")
      ? same(
          "ingress-nginx sets those of its headers that global-allowed-response-headers lists; here every header of the ConfigMap is set.",
        )
      : differs(
          "ingress-nginx sets only names that its ConfigMap lists in global-allowed-response-headers; here every header is set. " +
            (at.defaults.known ? "There it lists none." : "Give the controller's ConfigMap to compare."),
        ),
  "enable-cors": ({ text }) =>
    isTrue(text)
      ? same("A preflight is answered with 200; ingress-nginx says 204. Browsers take both.")
      : undefined,
  "cors-allow-origin": (at) =>
    at.text.split(",").some((origin) => origin.trim() === "*") && isTrue(at.source("cors-allow-credentials"))
      ? undefined
      : at.text.includes("*") && at.text.split(",").some((origin) => origin.trim() === "*")
        ? same(
            "The origin of the request is named in place of a literal *; requests with cookies stay refused.",
          )
        : undefined,
  "cors-allow-credentials": (at) => {
    const origins = at.source("cors-allow-origin") || "*";
    if (!isTrue(at.text) || !isTrue(at.source("enable-cors"))) return undefined;
    if (!origins.split(",").some((origin) => origin.trim() === "*")) return undefined;
    return differs(
      "With origin * browsers refuse requests with cookies on ingress-nginx, as the answer has a literal *; here the origin is named, so that every site may read with the user's cookies.",
      { "cors-allow-credentials": "false" },
    );
  },
  "cors-allow-methods": ({ text }) =>
    text === "*"
      ? same("Answered with the method that was asked for; with cookies that works here, and does not there.")
      : undefined,
  "cors-allow-headers": ({ text }) =>
    text === "*"
      ? same(
          "Answered with the headers that were asked for; with cookies that works here, and does not there.",
        )
      : undefined,
  "enable-opentelemetry": ({ text, gateway }) =>
    isTrue(text) && !gateway.tracing
      ? differs(
          "ingress-nginx sends spans to the collector of its ConfigMap; here there is none yet: set --tracing-collector HOST:PORT (tracingCollector) on the gateway.",
        )
      : undefined,
  "opentelemetry-trust-incoming-span": ({ text }) =>
    isTrue(text)
      ? undefined
      : differs("With false ingress-nginx begins a trace of its own; here the client's is gone on with."),
};

function limitStatus(
  setting: "limit-req-status-code" | "limit-conn-status-code",
  { text, defaults, gateway }: RuleContext,
): Judgement | undefined {
  if (whole(text) === 0) return undefined;
  const [there, here] = [defaults.of(setting), `${gateway.clientLimitStatus}`];
  if (there !== here)
    return differs(
      `Who is over the limit gets ${there} on ingress-nginx (${setting} of its ConfigMap), and ${here} here (--client-limit-status, clientLimitStatus).`,
    );
  return same(
    setting === "limit-conn-status-code"
      ? "Requests in flight count here, on every protocol; ingress-nginx counts HTTP/1.1 connections that have sent a request."
      : "Of the clients, the 50000 that came last are remembered.",
  );
}
