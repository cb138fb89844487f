import type { RedirectAction, VirtualHost } from "@sluice/model";
import type { SeenRequest } from "./request.ts";

/**
 * The `Location` that Envoy writes. An exact host stands in it as its rule has it. Of a request on a wildcard host the
 * host is kept as sent, but for a port in it, as xds tells Envoy to do.
 */
export function redirectLocation(action: RedirectAction, request: SeenRequest, host: VirtualHost): string {
  const scheme = action.scheme ?? request.scheme;
  return `${scheme}://${authority(action, request, host)}${pathAndQuery(action, request)}`;
}

function authority(action: RedirectAction, request: SeenRequest, host: VirtualHost): string {
  const exact = host.host.includes("*") ? undefined : host.host;
  const name = action.host ?? (action.keepPort ? undefined : exact);
  if (name !== undefined) return action.port === undefined ? name : `${name}:${action.port}`;
  const [bare, port] = splitPort(request.authority);
  if (action.port !== undefined) return `${bare}:${action.port}`;
  if (!action.keepPort) return port ? bare : request.authority;
  // Envoy drops the port that was the default of the scheme that the redirect leaves.
  const left = action.scheme !== undefined && action.scheme !== request.scheme;
  return left && port === (request.scheme === "https" ? "443" : "80") ? bare : request.authority;
}

function pathAndQuery(action: RedirectAction, { path, query }: SeenRequest): string {
  if (action.path !== undefined) return action.path;
  return action.stripQuery || query === undefined ? path : `${path}?${query}`;
}

function splitPort(authority: string): [host: string, port: string | undefined] {
  const found = /^(.*):(\d*)$/su.exec(authority);
  const host = found?.[1];
  return host === undefined || (host.startsWith("[") && !host.endsWith("]"))
    ? [authority, undefined]
    : [host, found?.[2]];
}
