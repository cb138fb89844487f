import type { GatewaySettings } from "@sluice/model";
import { any, type HeaderMutation, type HeaderValueOption, type TypedExtensionConfig } from "@sluice/protos";
import { overwrite } from "./route-action.ts";
import type { RouteTable } from "./route-table.ts";

/*
 * What a backend is told about the client is what ingress-nginx tells it (annotation reference, "What ingress-nginx does
 * with no annotation"), in two steps. Before anything looks at the request, what a client must not say is taken away,
 * so that no route condition and no filter sees a forged value. When a route is chosen, the headers are set; the
 * address of the client is known by then.
 */

const ORIGINAL_FORWARDED_FOR = "x-original-forwarded-for";

/** Set by the connection manager for requests from outside; ingress-nginx has nothing like it. */
const ENVOY_EXTERNAL_ADDRESS = "x-envoy-external-address";

/** Cleans up requests as they arrive, in this order. */
export function earlyHeaderMutations(settings: GatewaySettings): readonly TypedExtensionConfig[] {
  const mutations: HeaderMutation[] = [
    // An empty value adds nothing, so a forged one has to go first.
    { remove: ORIGINAL_FORWARDED_FOR },
    { append: overwrite(ORIGINAL_FORWARDED_FOR, "%REQ(X-FORWARDED-FOR)%") },
    ...(settings.trustedHops === 0 ? [removePrefix("x-forwarded-")] : []),
    { remove: "x-real-ip" },
    { remove: "x-scheme" },
    // httpoxy, CVE-2016-5385: CGI programs take it for a proxy of their own.
    { remove: "proxy" },
    // What the gateway itself would say about a client's certificate.
    removePrefix("ssl-client-"),
  ];
  return [
    {
      name: "envoy.http.early_header_mutation.header_mutation",
      typedConfig: any("envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", {
        mutations,
      }),
    },
  ];
}

function removePrefix(prefix: string): HeaderMutation {
  return { removeOnMatch: { keyMatcher: { prefix } } };
}

/** Headers that every backend gets. `X-Forwarded-Proto` and `X-Request-ID` are the connection manager's. */
export function forwardedHeaders(table: RouteTable, settings: GatewaySettings): readonly HeaderValueOption[] {
  const trusted = settings.trustedHops > 0;
  const client = "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%";
  const scheme = trusted ? "%REQ(X-FORWARDED-PROTO)%" : table.https ? "https" : "http";
  const { port, publicPort } = table.https ? settings.https : settings.http;
  const set = trusted ? addIfAbsent : overwrite;
  return [
    overwrite("x-real-ip", client),
    overwrite("x-forwarded-for", client),
    set("x-forwarded-host", "%REQ(:AUTHORITY)%"),
    set("x-forwarded-port", String(publicPort ?? port)),
    overwrite("x-forwarded-scheme", scheme),
    overwrite("x-scheme", scheme),
  ];
}

function addIfAbsent(key: string, value: string): HeaderValueOption {
  return { header: { key, value }, appendAction: "ADD_IF_ABSENT" };
}

/** Headers that no backend gets. */
export const REMOVED_REQUEST_HEADERS: readonly string[] = [ENVOY_EXTERNAL_ADDRESS];
