import { findEnvoy, type JsonObject, type StaticResource, validateResources } from "@sluice/envoy";
import { features } from "@sluice/features";
import {
  DEFAULT_GATEWAY_SETTINGS,
  type GatewaySettings,
  type Resource,
  type TextMatch,
  TLS_VERSIONS,
} from "@sluice/model";
import { type ResourceTypeUrl, TYPE_URLS, toJson } from "@sluice/protos";
import { createXds } from "@sluice/xds";
import { beforeAll, expect, test } from "vitest";
import { testCertificate } from "../support/certificate.ts";
import { answer, CLUSTER, condition, forward, host, ORIGINS, prefix, route, TARGET } from "../xds/models.ts";

/** Every kind of resource that `@sluice/xds` makes, in every form, before a real Envoy's `--mode validate`. */

const KINDS: Readonly<Partial<Record<ResourceTypeUrl, StaticResource["kind"]>>> = {
  [TYPE_URLS.LISTENER]: "listener",
  [TYPE_URLS.CLUSTER]: "cluster",
  [TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT]: "loadAssignment",
  [TYPE_URLS.SECRET]: "secret",
  [TYPE_URLS.VIRTUAL_HOST]: "virtualHost",
  [TYPE_URLS.ROUTE_CONFIGURATION]: "routeConfiguration",
};

let binary: string;
beforeAll(async () => {
  binary = (await findEnvoy()).path;
});

function xdsWith(settings: Partial<GatewaySettings> = {}) {
  return createXds({
    features,
    settings: { ...DEFAULT_GATEWAY_SETTINGS, ...settings },
    capabilities: { has: () => true },
  });
}

function staticResource(resource: Resource): StaticResource & { readonly name: string } {
  const [typeUrl, kind] =
    Object.entries(KINDS).find(([url]) => url === resource.typeUrl) ?? expect.unreachable(resource.typeUrl);
  // A message is an object in JSON.
  const body = toJson(typeUrl, resource.bytes, { redact: false }) as JsonObject;
  return { kind, body, name: resource.name };
}

async function refusals(resources: readonly Resource[]): Promise<string[]> {
  const refused = await validateResources(binary, resources.map(staticResource));
  return refused.map(({ resource, message }) => `${resource.name}: ${message}`);
}

const TEXTS: readonly TextMatch[] = [
  { kind: "exact", value: "" },
  { kind: "exact", value: "a" },
  { kind: "prefix", value: "" },
  { kind: "prefix", value: "a" },
  { kind: "regex", value: "a|b" },
  { kind: "regex", value: "", anywhere: true },
  { kind: "present" },
];

const CONDITIONS = (["header", "query", "cookie"] as const).flatMap((on) =>
  TEXTS.flatMap((match) => [false, true].map((negate) => condition(on, "x.y-z", match, negate))),
);

const PATHS = [true, false].flatMap((ignoreCase) => [
  prefix("/", ignoreCase),
  prefix("/a/ü%20", ignoreCase),
  { kind: "exact", value: "/", ignoreCase } as const,
  { kind: "regex", value: "^/a(b|c)$|/d", ignoreCase } as const,
  { kind: "regex", value: "/a", ignoreCase, whole: true } as const,
]);

const ACTIONS = [
  forward,
  {
    ...forward,
    backends: [...forward.backends, ...forward.backends].map((one) => ({ ...one, weight: 4e9 })),
  },
  answer(""),
  answer("x".repeat(4096), { status: 503, headers: { "x-a": "%" } }),
  ...([301, 302, 303, 307, 308] as const).map(
    (status) => ({ kind: "redirect", status, path: "/x?y" }) as const,
  ),
  { kind: "redirect", status: 308, scheme: "https", host: "a.test", port: 1 } as const,
];

const ROUTES = [
  ...PATHS.map((path) => route("path", path, forward, [], { below: 1 })),
  ...CONDITIONS.map((one) => route("condition", prefix("/"), forward, [one])),
  ...ACTIONS.map((action) =>
    route("action", prefix("/"), action, [], {
      httpAction: { kind: "redirect", status: 308, scheme: "https" },
    }),
  ),
];

test.each(["a.test", "*.a.test", "*", "xn--bcher-kva.test"])("hosts and tables: %s", async (name) => {
  for (const settings of [{}, { trustedHops: 2 }]) {
    const xds = xdsWith(settings);
    const model = host(name, ROUTES, "shop/tls");
    const resources = xds.routeTables(model).flatMap((table) => {
      const { resource, diagnostics } = xds.virtualHost(table, model);
      // A regular expression on a cookie, and one that must not match a query parameter.
      expect(diagnostics.filter(({ message }) => !message.includes("no match for"))).toEqual([]);
      return [resource, xds.inlineRouteConfiguration(xds.routeConfiguration(table), [resource])];
    });
    expect(await refusals(resources)).toEqual([]);
  }
});

test.each<[string, Partial<GatewaySettings>]>([
  ["the defaults", {}],
  [
    "all that is off by default",
    {
      trustedHops: 3,
      keepRequestId: true,
      serverHeader: "sluice",
      accessLog: "json",
      hsts: { maxAge: 1, includeSubDomains: true, preload: true },
      timeouts: { clientIdle: 0.5, backendIdle: 1, streamIdle: 0, requestHeaders: 1, request: 5 },
    },
  ],
  ["IPv6", { http: { address: "::", port: 0 }, https: { address: "::1", port: 0 } }],
  ...TLS_VERSIONS.map((minVersion): [string, Partial<GatewaySettings>] => [
    minVersion,
    { tls: { minVersion, maxVersion: "TLSv1.3", ciphers: [] } },
  ]),
])("listeners with %s", async (_what, settings) => {
  const chains = ["shop/tls", "shop/other"].map((certificate, at) => ({
    name: certificate,
    certificate,
    hosts: [`h${at}.test`, `*.w${at}.test`],
    origins: ORIGINS,
  }));
  expect(await refusals(xdsWith(settings).listeners(chains))).toEqual([]);
});

test("clusters, endpoints and certificates", async () => {
  const xds = xdsWith();
  const { chain, key } = await testCertificate("a.test");
  const cluster = { target: TARGET, policies: {}, origins: ORIGINS };
  const endpoints = [
    { address: "10.0.0.1", port: 80, health: "healthy" },
    { address: "fd00::1", port: 80, health: "draining" },
  ] as const;
  const secret = { name: "shop/tls", chain: Buffer.from(chain), key: Buffer.from(key), origins: [] };
  const built = [
    xds.cluster({ name: CLUSTER, protocol: "http1", ...cluster }),
    xds.cluster({ name: `${CLUSTER}/h2`, protocol: "http2", ...cluster }),
    xds.loadAssignment({ cluster: CLUSTER, endpoints, origins: ORIGINS }),
    xds.loadAssignment({ cluster: "none", endpoints: [], origins: ORIGINS }),
    xds.certificate(secret),
  ];
  expect(built.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
  expect(await refusals(built.map(({ resource }) => resource))).toEqual([]);
});

test("the stand-in for a cluster that cannot be built", async () => {
  const xds = createXds({
    features: [
      {
        id: "wrong",
        title: "Wrong",
        scope: "service",
        onInvalid: "ignore",
        keys: {},
        parse: () => undefined,
        cluster: (out) => {
          out.connectTimeout = { seconds: -1 };
        },
      },
    ],
    settings: DEFAULT_GATEWAY_SETTINGS,
    capabilities: { has: () => true },
  });
  const model = { name: CLUSTER, target: TARGET, protocol: "http1", policies: {}, origins: ORIGINS } as const;
  const { resource, diagnostics } = xds.cluster(model);
  expect(diagnostics).toHaveLength(1);
  expect(await refusals([resource])).toEqual([]);
});
