import {
  bool,
  defineFeature,
  type HttpRedirectContext,
  type HttpUrl,
  httpUrlType,
  int,
  key,
  type ParseContext,
} from "@sluice/feature-api";
import type { RedirectAction, RespondAction } from "@sluice/model";

interface RedirectPolicy {
  /** `always`: whatever else is set; `on`, `off`: as the annotation says; absent: as the gateway does. */
  readonly https?: "always" | "on" | "off";
  /** Sends every request of the rules elsewhere. */
  readonly answer?: RedirectAction | RespondAction;
  readonly keepPort: boolean;
}

/** Paths of RFC 8555 challenges, which a certificate authority fetches by plain HTTP. */
const ACME_PREFIX = "/.well-known/acme-challenge";

/** Redirects: to https, and to a URL of one's own. */
export const redirect = defineFeature({
  id: "redirect",
  title: "Redirects",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "ssl-redirect": bool({
      doc: "Answers plain HTTP with 308 to https. If absent the gateway's setting decides, for hosts that have a certificate from any Ingress; true redirects without one too. Rules whose path starts with /.well-known/acme-challenge are never redirected to https.",
      example: "true",
      default: "true for hosts with a certificate (a setting of the gateway)",
      nginx: "An explicit true redirects even if the host has no certificate.",
      higress: "On by default for hosts with a certificate.",
    }),
    "force-ssl-redirect": bool({
      doc: "Answers plain HTTP with 308 to https even if the host has no certificate here, as behind a proxy that ends TLS. Beats `ssl-redirect` false.",
      example: "true",
      default: "false",
    }),
    "preserve-trailing-slash": bool({
      doc: "No effect: the redirect to https always keeps the slash at the end of the path.",
      effect: "none",
      example: "true",
      default: "true",
      nginx: "ingress-nginx drops the slash unless this is set.",
    }),
    "temporal-redirect": key(httpUrlType, {
      doc: "Answers every request of the rules with a redirect to this URL, as written: path and query of the request are not appended. Wins over `permanent-redirect`.",
      example: "https://example.com/maintenance",
      default: "no redirect",
      nginx: "NGINX variables are refused.",
    }),
    "temporal-redirect-code": int(300, 307, {
      doc: "The status of `temporal-redirect`.",
      example: "307",
      default: "302",
    }),
    "permanent-redirect": key(httpUrlType, {
      doc: "Answers every request of the rules with a redirect to this URL, as written: path and query of the request are not appended.",
      example: "https://example.com/new",
      default: "no redirect",
      nginx: "NGINX variables are refused.",
    }),
    "permanent-redirect-code": int(300, 308, {
      doc: "The status of `permanent-redirect`.",
      example: "308",
      default: "301",
    }),
    "relative-redirects": bool({
      doc: "Location of `temporal-redirect` and `permanent-redirect` without scheme and host: for URLs of the host itself, behind a proxy that knows it by another name. Redirects to https are absolute always.",
      example: "true",
      default: "false",
    }),
    "use-port-in-redirects": bool({
      doc: "Names the gateway's https port in the Location of the redirect to https. URLs of other redirects are as written.",
      example: "true",
      default: "false",
    }),
  },
  parse: (values, context): RedirectPolicy | undefined => {
    if (values["preserve-trailing-slash"] === false)
      context.report.note("preserve-trailing-slash", {
        code: "annotation-no-effect",
        severity: "info",
        message: "The slash at the end of a path is always kept: preserve-trailing-slash has no effect.",
      });
    const temporal = values["temporal-redirect"];
    const permanent = values["permanent-redirect"];
    reportCodes(context, { temporal, permanent });
    const relative = values["relative-redirects"] ?? false;
    const answer =
      temporal !== undefined
        ? answerWith(temporal, values["temporal-redirect-code"] ?? 302, relative, "temporal-redirect")
        : permanent !== undefined
          ? answerWith(permanent, values["permanent-redirect-code"] ?? 301, relative, "permanent-redirect")
          : undefined;
    const https = httpsMode(values["force-ssl-redirect"], values["ssl-redirect"]);
    return {
      ...(https === undefined ? {} : { https }),
      ...(answer === undefined ? {} : { answer }),
      keepPort: values["use-port-in-redirects"] ?? false,
    };
  },
  draftStage: "respond",
  draft: (draft, { answer }) => (answer === undefined ? draft : { ...draft, answer }),
  httpRedirect: (policy, context) => {
    // A redirect of one's own comes before the one to https, as in nginx.
    if (policy?.answer !== undefined || !wantsHttps(policy?.https, context)) return undefined;
    const port = policy?.keepPort ? (context.httpsPort ?? 443) : 443;
    return { kind: "redirect", status: 308, scheme: "https", ...(port === 443 ? {} : { port }) };
  },
});

function httpsMode(force: boolean | undefined, ssl: boolean | undefined): RedirectPolicy["https"] {
  if (force) return "always";
  return ssl === undefined ? undefined : ssl ? "on" : "off";
}

function wantsHttps(mode: RedirectPolicy["https"], context: HttpRedirectContext): boolean {
  if (context.rulePath.startsWith(ACME_PREFIX)) return false;
  if (mode === undefined) return context.defaultRedirect && context.hostHasCertificate;
  return mode !== "off";
}

const REDIRECTS: readonly RedirectAction["status"][] = [301, 302, 303, 307, 308];

/**
 * The answer that sends a client to the URL. Envoy's redirect knows five statuses, and it has no way to say a URL
 * without path or without host; those are answered with a Location of their own.
 */
function answerWith(
  url: HttpUrl,
  code: number,
  relative: boolean,
  reason: string,
): RedirectAction | RespondAction {
  const status = REDIRECTS.find((known) => known === code);
  const hasPath = url.path.startsWith("/");
  if (status === undefined || relative || !hasPath) {
    const location = relative ? `${hasPath ? "" : "/"}${url.path}` : url.text;
    return { kind: "respond", status: code, headers: { location }, reason };
  }
  return {
    kind: "redirect",
    status,
    scheme: url.scheme,
    host: url.host,
    ...(url.port === undefined ? {} : { port: url.port }),
    path: url.path,
    stripQuery: true,
  };
}

function reportCodes(
  context: ParseContext,
  urls: { readonly temporal: HttpUrl | undefined; readonly permanent: HttpUrl | undefined },
): void {
  const unused = (name: string, without: string): void => {
    if (context.isSet(name))
      context.report.note(name, {
        code: "annotation-no-effect",
        message: `${name} has no effect ${without}.`,
      });
  };
  if (urls.temporal === undefined) unused("temporal-redirect-code", "without temporal-redirect");
  if (urls.permanent === undefined) unused("permanent-redirect-code", "without permanent-redirect");
  else if (urls.temporal !== undefined) unused("permanent-redirect", "beside temporal-redirect");
}
