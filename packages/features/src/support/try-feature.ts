import {
  askMarks,
  type Feature,
  parseFeature,
  type References,
  type RouteHookContext,
  resolveAnnotations,
} from "@sluice/feature-api";
import type { Diagnostic, ObjectRef, Policies } from "@sluice/model";
import {
  type Cluster,
  checkConstraints,
  encode,
  type Route,
  type RouteConfiguration,
  type VirtualHost,
} from "@sluice/protos";
import { recordParsed } from "../testing/record-parsed.ts";

/** For tests: what a feature makes of annotations (keys without prefix), and what it writes for them. */
export interface Tried {
  readonly policy: unknown;
  readonly diagnostics: readonly Diagnostic[];
  /** Key and code of each finding. */
  readonly findings: readonly string[];
  /** The route that the feature writes, all but its match; `asked`: whether its own Ingress has the annotations. */
  route(options?: { readonly https?: boolean; readonly asked?: boolean }): Omit<Route, "match">;
  cluster(): Cluster;
}

const INGRESS: ObjectRef = { kind: "Ingress", namespace: "shop", name: "web" };

const NO_REFERENCES: References = {
  configMap: () => ({ fault: "there is none" }),
  secret: () => ({ fault: "there is none" }),
  certificate: () => ({ fault: "there is none" }),
  authority: () => ({ fault: "there is none" }),
  service: () => undefined,
  instances: () => 1,
  hasReadyEndpoint: () => false,
};

/** Runs a feature over annotations. Each message that it writes is checked against Envoy's API and encoded. */
export function tryFeature(feature: Feature, annotations: Readonly<Record<string, string>>): Tried {
  const prefixed = Object.entries(annotations).map(([key, value]) => [`higress.io/${key}`, value]);
  const { set } = resolveAnnotations(INGRESS, Object.fromEntries(prefixed));
  const { policy, diagnostics } = parseFeature(feature, set, INGRESS, NO_REFERENCES);
  recordParsed(feature, set, diagnostics);
  const marks = askMarks([feature], set);
  return {
    policy,
    diagnostics,
    findings: diagnostics.map(({ key, code }) => `${key?.replace("higress.io/", "")} ${code}`),
    route: ({ https = false, asked = true } = {}) => {
      const policies: Policies = { [feature.id]: policy, ...(asked ? marks : {}) };
      const context: RouteHookContext = {
        routeName: "r",
        policies,
        path: { kind: "prefix", value: "/" },
        https,
      };
      const out: Route = { match: { prefix: "/" }, route: { cluster: "c" } };
      feature.route?.(out, policy, context);
      verify("envoy.config.route.v3.Route", out);
      const { match: _, ...rest } = out;
      return written(rest);
    },
    cluster: () => {
      const out: Cluster = { name: "c" };
      feature.cluster?.(out, policy);
      verify("envoy.config.cluster.v3.Cluster", out);
      return written(out);
    },
  };
}

/** What a feature writes for all routes of the gateway. */
export function sharedBy(feature: Feature): {
  routeConfiguration: RouteConfiguration;
  virtualHost: VirtualHost;
} {
  const routeConfiguration: RouteConfiguration = { name: "rc" };
  feature.routeConfiguration?.(routeConfiguration);
  verify("envoy.config.route.v3.RouteConfiguration", routeConfiguration);
  const virtualHost: VirtualHost = { name: "vh", domains: ["*"] };
  feature.virtualHost?.(virtualHost, undefined, { https: false });
  verify("envoy.config.route.v3.VirtualHost", virtualHost);
  return { routeConfiguration, virtualHost };
}

function verify(
  type:
    | "envoy.config.route.v3.Route"
    | "envoy.config.route.v3.VirtualHost"
    | "envoy.config.route.v3.RouteConfiguration"
    | "envoy.config.cluster.v3.Cluster",
  message: object,
): void {
  const violations = checkConstraints<string>(type, message);
  if (violations.length > 0) throw new Error(`Envoy refuses it: ${JSON.stringify(violations)}`);
  encode(type, message);
}

/** Without fields that are undefined, which stand for absent ones. */
function written<T extends object>(message: T): T {
  return structuredClone(dropUndefined(message));
}

function dropUndefined<T extends object>(message: T): T {
  const kept = Object.entries(message).filter(([, value]) => value !== undefined);
  // The same message, but for fields that have no value.
  return Object.fromEntries(kept) as T;
}
