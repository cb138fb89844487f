import { defineFeature, enumType, type Feature, key } from "@sluice/feature-api";
import type { Cluster, Route, VirtualHost } from "@sluice/protos";

/**
 * Things that Envoy 1.40 refuses although they pass all of our checks. No annotation of the product leads to them:
 * the features below, which stand for a mistake of ours, write them for an annotation `test-…: NAME`.
 */

/** Written into a route, so that its virtual host is refused. */
export const ROUTE_FAULTS: Readonly<Record<string, (out: Route) => void>> = {
  // Scripts of a Unicode newer than Envoy's.
  "regex-script": (out) => {
    out.match = { safeRegex: { regex: "/\\p{Garay}" } };
  },
  "regex-size": (out) => {
    out.match = { safeRegex: { regex: `/${"\\pL{1000}".repeat(9)}` } };
  },
  "unknown-filter-config": (out) => {
    out.typedPerFilterConfig = { x: UNKNOWN_TYPE };
  },
  "unknown-specifier": (out) => {
    delete out.route?.cluster;
    out.route = { ...out.route, clusterSpecifierPlugin: "no-such-plugin" };
  },
  "header-format": (out) => {
    out.requestHeadersToAdd = [{ header: { key: "x", value: "%NOPE(%" } }];
  },
  "retry-predicate": (out) => {
    out.route = { ...out.route, retryPolicy: { retryHostPredicate: [{ name: "no.such.predicate" }] } };
  },
  "two-rewrites": (out) => {
    out.route = {
      ...out.route,
      prefixRewrite: "/a",
      regexRewrite: { pattern: { regex: "^/.*$" }, substitution: "/b" },
    };
  },
  "weights-of-nothing": (out) => {
    const name = out.route?.cluster ?? "";
    delete out.route?.cluster;
    out.route = { ...out.route, weightedClusters: { clusters: [{ name, weight: { value: 0 } }] } };
  },
};

/** Written into a virtual host. */
export const HOST_FAULTS: Readonly<Record<string, (out: VirtualHost) => void>> = {
  "domain-of-another": (out) => {
    out.domains = [...(out.domains ?? []), "good7.example.com"];
  },
  "virtual-host-format": (out) => {
    out.responseHeadersToAdd = [{ header: { key: "x", value: "%NOPE(%" } }];
  },
};

/** Written into a cluster: of the route alone, which gets a variant for it, or of the Service. */
export const CLUSTER_FAULTS: Readonly<Record<string, (out: Cluster) => void>> = {
  "balancer-of-another-type": (out) => {
    out.lbPolicy = "CLUSTER_PROVIDED";
  },
  "unknown-transport": (out) => {
    out.transportSocket = { name: "x", typedConfig: UNKNOWN_TYPE };
  },
  "name-for-an-address": (out) => {
    delete out.edsClusterConfig;
    out.type = "STATIC";
    out.loadAssignment = {
      clusterName: out.name ?? "",
      endpoints: [
        { lbEndpoints: [{ endpoint: { address: { socketAddress: { address: "name", portValue: 80 } } } }] },
      ],
    };
  },
};

const UNKNOWN_TYPE = { typeUrl: "type.googleapis.com/no.such.Type", value: new Uint8Array() };

const oneOf = (faults: object) =>
  key(enumType([...Object.keys(faults), "none"]), { doc: "A fault.", example: "none" });

const base = { title: "Test", onInvalid: "ignore" } as const;
const HOST_MARK = "x-host-fault-";

/** All of them, for the control plane under test. */
export const FAULTY_FEATURES: readonly Feature[] = [
  defineFeature({
    ...base,
    id: "test-route",
    scope: "route",
    keys: { "test-route": oneOf(ROUTE_FAULTS) },
    parse: (values) => values["test-route"],
    route: (out, policy) => ROUTE_FAULTS[policy ?? ""]?.(out),
  }),
  defineFeature({
    ...base,
    id: "test-host",
    scope: "route",
    keys: { "test-host": oneOf(HOST_FAULTS) },
    parse: (values) => values["test-host"],
    // A virtual host's hook knows no policy: a route leaves it a mark.
    route: (out, policy) => {
      if (policy !== undefined)
        out.requestHeadersToRemove = [...(out.requestHeadersToRemove ?? []), `${HOST_MARK}${policy}`];
    },
    virtualHost: (out) => {
      for (const name of (out.routes ?? []).flatMap(
        ({ requestHeadersToRemove }) => requestHeadersToRemove ?? [],
      ))
        if (name.startsWith(HOST_MARK)) HOST_FAULTS[name.slice(HOST_MARK.length)]?.(out);
    },
  }),
  defineFeature({
    ...base,
    id: "test-cluster",
    scope: "route",
    keys: { "test-cluster": oneOf(CLUSTER_FAULTS) },
    parse: (values) => values["test-cluster"],
    backendVariant: (policy) => ({ suffix: `test-${policy}`, policy }),
    cluster: (out, policy) => CLUSTER_FAULTS[policy ?? ""]?.(out),
  }),
  defineFeature({
    ...base,
    id: "test-service",
    scope: "service",
    keys: { "test-service": oneOf(CLUSTER_FAULTS) },
    parse: (values) => values["test-service"],
    cluster: (out, policy) => CLUSTER_FAULTS[policy ?? ""]?.(out),
  }),
];

/** What is written for each: annotation and value. */
export const CORPUS: readonly { readonly name: string; readonly annotations: Record<string, string> }[] = [
  ["test-route", ROUTE_FAULTS] as const,
  ["test-host", HOST_FAULTS] as const,
  ["test-cluster", CLUSTER_FAULTS] as const,
  ["test-service", CLUSTER_FAULTS] as const,
].flatMap(([annotation, faults]) =>
  Object.keys(faults).map((name) => ({
    name: `${annotation}: ${name}`,
    annotations: { [annotation]: name },
  })),
);
