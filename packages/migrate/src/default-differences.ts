import type { Ingress } from "@sluice/model";
import type { ControllerDefaults, TargetGateway } from "./controller-defaults.ts";
import type { DefaultDifference, Dialect } from "./report.ts";
import { isTrue } from "./site.ts";
import { sourceText } from "./source.ts";

/**
 * What both gateways do when no annotation says so, where it differs. Source: the annotation reference, "What ingress-nginx does
 * with no annotation", and the rows with a default of their own.
 */
export function defaultDifferences(
  dialect: Dialect,
  ingresses: readonly Ingress[],
  defaults: ControllerDefaults,
  gateway: TargetGateway,
): readonly DefaultDifference[] {
  const without = (...keys: readonly string[]): string => {
    const number = ingresses.filter((ingress) =>
      keys.every((key) => sourceText(ingress, dialect, key) === ""),
    ).length;
    return `${number} of ${ingresses.length} Ingresses`;
  };
  return dialect === "higress" ? ofHigress(without, gateway) : ofNginx(without, defaults, gateway);
}

type Without = (...keys: readonly string[]) => string;

function ofHigress(without: Without, { sslRedirect }: TargetGateway): readonly DefaultDifference[] {
  if (!sslRedirect) return [];
  return [
    {
      topic: "ssl-redirect",
      there: "Higress redirects to https only if ssl-redirect or force-ssl-redirect is set.",
      here: "Hosts with a certificate are redirected with 308.",
      advice: `It concerns ${without("ssl-redirect", "force-ssl-redirect")}. --ssl-redirect false (sslRedirect) does as Higress.`,
    },
  ];
}

function ofNginx(
  without: Without,
  defaults: ControllerDefaults,
  gateway: TargetGateway,
): readonly DefaultDifference[] {
  const of = defaults.of;
  const [body, read, send] = [of("proxy-body-size"), of("proxy-read-timeout"), of("proxy-send-timeout")];
  const tries = of("proxy-next-upstream-tries");
  const all: readonly (DefaultDifference | undefined)[] = [
    body === "0"
      ? undefined
      : {
          topic: "proxy-body-size",
          there: `Request bodies over ${body} get 413.`,
          here: "There is no limit.",
          advice: `It concerns ${without("proxy-body-size")}. Set proxy-body-size: ${body} where the limit protects a backend.`,
        },
    {
      topic: "timeouts",
      there: `${read} s for the backend to answer, ${send} s for a stalled upload.`,
      here: `${gateway.streamIdle} s of silence in both directions.`,
      advice: `It concerns ${without("proxy-read-timeout", "proxy-send-timeout")}. Set proxy-read-timeout: ${read} where a slow backend must be given up sooner.`,
    },
    tries === "4"
      ? undefined
      : {
          topic: "retries",
          there: tries === "0" ? "Tries without limit." : `${tries} tries in all, the first one counted.`,
          here: "3 retries after the first try, when the connection fails.",
          advice: `It concerns ${without("proxy-next-upstream-tries")}.`,
        },
    of("proxy-request-buffering") === "off"
      ? undefined
      : {
          topic: "proxy-request-buffering",
          there: "A request is held until all of its body is there.",
          here: "It is passed on as it comes, so a slow client occupies a connection to the backend.",
          advice: `It concerns ${without("proxy-request-buffering")}. Set proxy-request-buffering: "on" for backends that cannot bear that.`,
        },
    isTrue(of("hsts"))
      ? {
          topic: "hsts",
          there: `Over https every answer has Strict-Transport-Security: max-age=${of("hsts-max-age")}${isTrue(of("hsts-include-subdomains")) ? "; includeSubDomains" : ""}${isTrue(of("hsts-preload")) ? "; preload" : ""}.`,
          here: "No such header is sent.",
          advice: `Browsers that have seen it keep to it until it runs out. Set response-header-control-update: Strict-Transport-Security max-age=… to go on with it.`,
        }
      : undefined,
    isTrue(of("ssl-redirect")) === gateway.sslRedirect
      ? undefined
      : {
          topic: "ssl-redirect",
          there: isTrue(of("ssl-redirect"))
            ? "Hosts with a certificate are redirected to https."
            : "Nothing is redirected to https by default.",
          here: gateway.sslRedirect
            ? "Hosts with a certificate are redirected with 308."
            : "Nothing is redirected to https by default.",
          advice: `It concerns ${without("ssl-redirect", "force-ssl-redirect")}. --ssl-redirect (sslRedirect) decides.`,
        },
    {
      topic: "slash-on-redirect",
      there:
        "The redirect to https drops a slash at the end of the path, unless preserve-trailing-slash is true.",
      here: "The slash is kept.",
      advice: `It concerns ${without("preserve-trailing-slash")}; nothing to do, unless somebody compares the Location.`,
    },
    {
      topic: "cors",
      there: "Without cors-allow-headers, X-CustomHeader is not allowed. A preflight is answered with 204.",
      here: "X-CustomHeader is allowed as well. A preflight is answered with 200.",
      advice: "Only Ingresses with enable-cors. Browsers take both statuses.",
    },
    {
      topic: "server-header",
      there: "The backend's Server header is hidden.",
      here: "It is passed on.",
      advice: "Set response-header-control-remove: server to hide it.",
    },
    {
      topic: "keep-alive",
      there: "An idle connection of a client is closed after 75 s.",
      here: "After 3600 s, so that load balancers in front never meet a connection that is just being closed.",
      advice: "Nothing to do.",
    },
  ];
  return all.flatMap((one) => one ?? []);
}
