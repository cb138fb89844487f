import { ROUTE_LOG } from "@sluice/feature-api";
import type { GatewaySettings } from "@sluice/model";
import { type AccessLog, any, struct } from "@sluice/protos";

/** One JSON object a request, on standard output, but for routes that want none; the route's name leads to the Ingress. */
export function accessLog(settings: GatewaySettings): readonly AccessLog[] {
  if (settings.accessLog === "off") return [];
  return [
    {
      name: "envoy.access_loggers.stdout",
      filter: { extensionFilter: UNLESS_OFF },
      typedConfig: any("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", {
        logFormat: { jsonFormat: struct(FIELDS) },
      }),
    },
  ];
}

const UNLESS_OFF = {
  name: "envoy.access_loggers.extension_filters.cel",
  typedConfig: any("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", {
    // A request that no route takes has no metadata.
    expression: `!(has(xds.route_metadata) && '${ROUTE_LOG}' in xds.route_metadata.filter_metadata)`,
  }),
};

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
