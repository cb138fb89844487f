import type { Feature } from "@sluice/feature-api";
import {
  type Backend,
  type Condition,
  DEFAULT_GATEWAY_SETTINGS,
  type GatewaySettings,
  type Origin,
  type Route,
  type VirtualHost,
} from "@sluice/model";
import { createXds, type Xds } from "../create-xds.ts";

/** Small models for tests. */

export function origin(name: string): Origin {
  return { object: { kind: "Ingress", namespace: "shop", name } };
}

export function backend(name: string): Backend {
  const port = { number: 80 };
  return {
    name: `shop/${name}/80`,
    target: { kind: "service", namespace: "shop", name, port },
    variant: {},
  };
}

/** A plain route: a prefix, one backend, nothing else. */
export function route(more: Partial<Route> = {}): Route {
  return {
    name: "shop/web/0/0",
    origins: [origin("web")],
    match: { path: { kind: "prefix", value: "/cart" }, conditions: [] },
    action: { kind: "forward", backends: [{ backend: backend("cart"), weight: 1 }] },
    policies: {},
    ...more,
  };
}

export function header(
  name: string,
  value: string,
  more: Partial<Omit<Condition, "on" | "match">> = {},
): Condition {
  return { on: "header", name, match: { kind: "exact", value }, ...more };
}

export function host(name: string, more: Partial<VirtualHost> = {}): VirtualHost {
  return { host: name, routes: [route()], origins: [origin("web")], ...more };
}

/** A feature that does nothing but what is given. */
export function feature(id: string, hooks: Partial<Feature> = {}): Feature {
  return {
    id,
    title: `Feature ${id}`,
    scope: "route",
    onInvalid: "ignore",
    keys: {},
    parse: () => undefined,
    ...hooks,
  };
}

/** The translation with given features for a node that has everything but what `lacks` says. */
export function xdsWith(
  features: readonly Feature[] = [],
  settings: Partial<GatewaySettings> = {},
  lacks: readonly string[] = [],
): Xds {
  return createXds({
    features,
    settings: { ...DEFAULT_GATEWAY_SETTINGS, ...settings },
    capabilities: { has: (name) => !lacks.includes(name) },
  });
}
