import type { GatewaySettings } from "@sluice/model";
import { type AccessLog, any, struct } from "@sluice/protos";

/** One JSON object a request, on standard output; the route's name leads to the Ingress. */
export function accessLog(settings: GatewaySettings): readonly AccessLog[] {
  if (settings.accessLog === "off") return [];
  return [
    {
      name: "envoy.access_loggers.stdout",
      typedConfig: any("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", {
        logFormat: { jsonFormat: struct(FIELDS) },
      }),
    },
  ];
}

const FIELDS = {
  time: "%START_TIME%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
  protocol: "%PROTOCOL%",
  method: "%REQ(:METHOD)%",
  scheme: "%REQ(:SCHEME)%",
  host: "%REQ(:AUTHORITY)%",
  path: "%REQ(:PATH)%",
  status: "%RESPONSE_CODE%",
  flags: "%RESPONSE_FLAGS%",
  details: "%RESPONSE_CODE_DETAILS%",
  requestBytes: "%BYTES_RECEIVED%",
  responseBytes: "%BYTES_SENT%",
  durationMs: "%DURATION%",
  route: "%ROUTE_NAME%",
  cluster: "%UPSTREAM_CLUSTER%",
  endpoint: "%UPSTREAM_HOST%",
  tries: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
  requestId: "%REQ(X-REQUEST-ID)%",
  userAgent: "%REQ(USER-AGENT)%",
  referer: "%REQ(REFERER)%",
  serverName: "%REQUESTED_SERVER_NAME%",
} as const;
