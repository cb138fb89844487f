import type {
  Backend,
  Cluster,
  Condition,
  LoadAssignment,
  PathMatch,
  Route,
  VirtualHost,
} from "@sluice/model";
import type { ExplainRequest } from "./request.ts";
import type { GatewayView } from "./view.ts";

/** Builders of models by hand, for tests alone. Ingresses live in the namespace `shop`. */

export function prefix(value: string): PathMatch {
  return { kind: "prefix", value };
}

export function exact(value: string): PathMatch {
  return { kind: "exact", value };
}

export function regex(value: string, more: { whole?: boolean; ignoreCase?: boolean } = {}): PathMatch {
  return { kind: "regex", value, ...more };
}

export function header(name: string, value: string, negate = false): Condition {
  return { on: "header", name, match: { kind: "exact", value }, ...(negate && { negate }) };
}

export function backend(service: string): Backend {
  const target = { kind: "service", namespace: "shop", name: service, port: { number: 80 } } as const;
  return { name: `shop/${service}/80`, target, variant: {} };
}

/** A route that forwards to the Service of its Ingress, unless told otherwise. */
export function route(
  name: string,
  path: PathMatch,
  more: Partial<Omit<Route, "match">> & { conditions?: readonly Condition[]; below?: number } = {},
): Route {
  const { conditions = [], below, ...rest } = more;
  const ingress = name.split("/canary/")[1]?.split("/")[0] ?? name.split("/")[1] ?? "web";
  return {
    name,
    origins: [
      { object: { kind: "Ingress", namespace: "shop", name: ingress }, field: "spec.rules[0].http.paths[0]" },
    ],
    match: { path, conditions, ...(below !== undefined && { below }) },
    action: { kind: "forward", backends: [{ backend: backend(ingress), weight: 1 }] },
    policies: {},
    ...rest,
  };
}

export function virtualHost(host: string, routes: readonly Route[], certificate?: string): VirtualHost {
  return { host, routes, origins: [], ...(certificate !== undefined && { certificate }) };
}

/** The guard that a wildcard host has for hosts with more labels than its one, as translation makes it. */
export function deeper(host: string): Condition {
  const suffix = host.slice(2).replaceAll(".", "\\.");
  const value = `(?i)[^:]*\\.[^.:]+\\.${suffix}\\.?(:[0-9]+)?`;
  return { on: "header", name: ":authority", match: { kind: "regex", value } };
}

export function guard(host: string): Route {
  return {
    name: `${host}/deeper`,
    origins: [],
    match: { path: prefix("/"), conditions: [deeper(host)] },
    action: { kind: "respond", status: 404, reason: `${host} stands for exactly one label` },
    policies: {},
  };
}

export function cluster(name: string, more: Partial<Cluster> = {}): Cluster {
  const [namespace = "", service = ""] = name.split("/");
  const target = { kind: "service", namespace, name: service, port: { number: 80 } } as const;
  return { name, target, protocol: "http1", policies: {}, origins: [], ...more };
}

/** Endpoints as `address` or `address draining`, all on port 8080. */
export function loadAssignment(name: string, ...endpoints: readonly string[]): LoadAssignment {
  return {
    cluster: name,
    origins: [],
    endpoints: endpoints.map((text) => {
      const [address = "", health] = text.split(" ");
      return { address, port: 8080, health: health === "draining" ? "draining" : "healthy" };
    }),
  };
}

/** A gateway of these hosts; every cluster that is asked for exists, with one endpoint, unless it is given. */
export function view(hosts: readonly VirtualHost[], more: Partial<GatewayView> = {}): GatewayView {
  const byName = new Map(hosts.map((host) => [host.host, host]));
  return {
    virtualHost: (host) => byName.get(host),
    cluster: (name) => cluster(name),
    loadAssignment: (name) => loadAssignment(name, "10.0.0.1"),
    ...more,
  };
}

export function get(url: string, headers: ExplainRequest["headers"] = []): ExplainRequest {
  return { method: "GET", url, headers };
}
