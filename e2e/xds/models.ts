import type {
  Condition,
  ForwardAction,
  Origin,
  PathMatch,
  RespondAction,
  Route,
  TextMatch,
  VirtualHost,
} from "@sluice/model";

export const ORIGINS: readonly Origin[] = [{ object: { kind: "Ingress", namespace: "shop", name: "web" } }];

/** The cluster that {@link forward} goes to. */
export const CLUSTER = "shop/echo/80";

export const TARGET = { kind: "service", namespace: "shop", name: "echo", port: { number: 80 } } as const;

export const forward: ForwardAction = {
  kind: "forward",
  backends: [{ backend: { name: CLUSTER, target: TARGET, variant: {} }, weight: 1 }],
};

export function answer(body: string, more: Partial<RespondAction> = {}): RespondAction {
  return { kind: "respond", status: 200, body, reason: "test", ...more };
}

export function prefix(value: string, ignoreCase = false): PathMatch {
  return { kind: "prefix", value, ignoreCase };
}

export function condition(on: Condition["on"], name: string, match: TextMatch, negate = false): Condition {
  return { on, name, match, negate };
}

export function route(
  name: string,
  path: PathMatch,
  action: Route["action"],
  conditions: readonly Condition[] = [],
  more: Partial<Route> & { readonly below?: number } = {},
): Route {
  const { below, ...rest } = more;
  const match = { path, conditions, ...(below !== undefined && { below }) };
  return { name, origins: ORIGINS, match, action, policies: {}, ...rest };
}

export function host(name: string, routes: readonly Route[], certificate?: string): VirtualHost {
  return { host: name, routes, origins: ORIGINS, ...(certificate !== undefined && { certificate }) };
}
