import type { ConfigMap } from "@sluice/model";

/**
 * What ingress-nginx 1.15 does when neither an annotation nor its ConfigMap says so, for the settings that the check compares.
 * Source: the ConfigMap page of its manual.
 */
export const NGINX_DEFAULTS = {
  "proxy-body-size": "1m",
  "proxy-connect-timeout": "5",
  "proxy-read-timeout": "60",
  "proxy-send-timeout": "60",
  "proxy-request-buffering": "on",
  "proxy-next-upstream": "error timeout",
  "proxy-next-upstream-tries": "3",
  "proxy-next-upstream-timeout": "0",
  "ssl-redirect": "true",
  "force-ssl-redirect": "false",
  hsts: "true",
  "hsts-max-age": "31536000",
  "hsts-include-subdomains": "true",
  "hsts-preload": "false",
  "use-forwarded-headers": "false",
  "limit-req-status-code": "503",
  "limit-conn-status-code": "503",
  "ssl-protocols": "TLSv1.2 TLSv1.3",
  "global-allowed-response-headers": "",
  "load-balance": "round_robin",
  "use-gzip": "false",
} as const;

export type NginxSetting = keyof typeof NGINX_DEFAULTS;

/** The settings of a controller that count for an Ingress without annotations. */
export interface ControllerDefaults {
  of(setting: NginxSetting): string;
  /** Whether the ConfigMap says so, rather than ingress-nginx itself. */
  isSet(setting: NginxSetting): boolean;
  /** Whether there was a ConfigMap to look at. */
  readonly known: boolean;
}

export function controllerDefaults(config: ConfigMap | undefined): ControllerDefaults {
  const said = (setting: NginxSetting): string => {
    const data = config?.data ?? {};
    return Object.hasOwn(data, setting) ? (data[setting] ?? "").trim() : "";
  };
  return {
    of: (setting) => said(setting) || NGINX_DEFAULTS[setting],
    isSet: (setting) => said(setting) !== "",
    known: config !== undefined,
  };
}

/** What the check has to know of the gateway that the Ingresses go to. */
export interface TargetGateway {
  /** The class that it serves. */
  readonly ingressClass: string;
  /** Whether hosts with a certificate are redirected to https when no annotation says so. */
  readonly sslRedirect: boolean;
  readonly trustedHops: number;
  readonly allowCrossNamespace: boolean;
  /** The status of who is over a limit per client. */
  readonly clientLimitStatus: number;
  readonly accessLog: boolean;
  readonly tracing: boolean;
  /** Seconds of silence after which a request is given up. */
  readonly streamIdle: number;
}
