import { type EnvoyBinary, findEnvoy, type JsonObject, validateConfig } from "@sluice/envoy";
import {
  any,
  checkConstraints,
  encode,
  type HttpFilter,
  type Route,
  toJson,
  type VirtualHost,
} from "@sluice/protos";
import { beforeAll, describe, expect, test } from "vitest";

/** The schema and the constraint check of `@sluice/protos` against what a real Envoy says. */

const BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap";
const ROUTE: Route = { match: { prefix: "/" }, route: { cluster: "c" } };

let envoy: EnvoyBinary;
beforeAll(async () => {
  envoy = await findEnvoy();
});

function bootstrapBytes(host: VirtualHost, filters: readonly HttpFilter[] = []): Uint8Array {
  const router = { name: "router", typedConfig: any("envoy.extensions.filters.http.router.v3.Router", {}) };
  const manager = any("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    statPrefix: "test",
    routeConfig: { name: "r", virtualHosts: [{ name: "v", domains: ["*"], routes: [ROUTE], ...host }] },
    httpFilters: [...filters, router],
  });
  return encode(BOOTSTRAP, {
    staticResources: {
      listeners: [
        {
          name: "l",
          address: { socketAddress: { address: "127.0.0.1", portValue: 0 } },
          filterChains: [{ filters: [{ name: "http", typedConfig: manager }] }],
        },
      ],
      clusters: [{ name: "c", connectTimeout: { seconds: 1 } }],
    },
  });
}

/** Both verdicts: what our check finds, and whether Envoy takes it. */
async function verdicts(bytes: Uint8Array): Promise<{ rules: string[]; accepted: boolean; message: string }> {
  // A bootstrap's JSON is an object.
  const { ok, message } = await validateConfig(envoy.path, toJson(BOOTSTRAP, bytes) as JsonObject);
  return { rules: checkConstraints(BOOTSTRAP, bytes).map(({ rule }) => rule), accepted: ok, message };
}

function withRoute(route: Route): VirtualHost {
  return { routes: [route] };
}

function withPattern(regex: string): VirtualHost {
  return withRoute({ ...ROUTE, match: { safeRegex: { regex } } });
}

function withHeader(key: string, value: string): VirtualHost {
  return { responseHeadersToAdd: [{ header: { key, value } }] };
}

const apiKeys = (client: string) =>
  any("envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth", {
    credentials: [{ key: "k", client }],
    keySources: [{ header: "x-key" }, { query: "key" }, { cookie: "key" }],
    forwarding: { header: "x-client", hideCredentials: true },
  });

describe("Envoy takes what the check accepts", () => {
  test.each<[string, VirtualHost, HttpFilter[]?]>([
    ["a plain host", {}],
    ["patterns", withPattern("^/(?P<a>b|c)\\d+$")],
    ["header text beyond ASCII", withHeader("x-a", "é")],
    ["the API key filter, which is our own proto", {}, [{ name: "keys", typedConfig: apiKeys("c") }]],
    [
      "fields that the packaged protos lack",
      {
        routes: [
          {
            match: { prefix: "/", cookies: [{ name: "version", stringMatch: { exact: "2" } }] },
            route: { cluster: "c", flushTimeout: { seconds: 5 }, hostRewrite: "h" },
            requestBodyBufferLimit: { value: 1024 },
          },
          { match: { path: "/r" }, redirect: { pathRewrite: "/x" } },
        ],
      },
    ],
  ])("%s", async (_, host, filters) => {
    expect(await verdicts(bootstrapBytes(host, filters))).toEqual({ rules: [], accepted: true, message: "" });
  });
});

describe("Envoy refuses what the check refuses", () => {
  test.each<[string, VirtualHost, string, HttpFilter[]?]>([
    ["no name", { name: "" }, "string.min_len"],
    ["no domains", { domains: [] }, "repeated.min_items"],
    ["no match", withRoute({ match: {}, route: { cluster: "c" } }), "oneof.required"],
    [
      "a status out of range",
      withRoute({ match: { path: "/" }, directResponse: { status: 600 } }),
      "uint32.lt",
    ],
    [
      "a back-off of nothing",
      withRoute({ ...ROUTE, route: { cluster: "c", retryPolicy: { retryBackOff: { baseInterval: {} } } } }),
      "duration.gt",
    ],
    [
      "a prefix that ends in a slash",
      withRoute({ ...ROUTE, match: { pathSeparatedPrefix: "/a/" } }),
      "string.pattern",
    ],
    ["lookaround", withPattern("(?=a)"), "re2"],
    ["an open group", withPattern("(a"), "re2"],
    ["too many repetitions", withPattern("a{1001}"), "re2"],
    ["a line break in a header", withHeader("a", "b\nc"), "string.well_known_regex"],
    ["a pseudo header", withHeader(":status", "200"), "header.protected"],
    ["host", { requestHeadersToRemove: ["Host"] }, "header.protected"],
    ["a client without a name", {}, "string.min_len", [{ name: "keys", typedConfig: apiKeys("") }]],
  ])("%s", async (_, host, rule, filters) => {
    const { rules, accepted } = await verdicts(bootstrapBytes(host, filters));
    expect(rules).toEqual([rule]);
    expect(accepted).toBe(false);
  });
});
