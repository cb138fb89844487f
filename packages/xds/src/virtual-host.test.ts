import { decode, TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { HTTP_TABLE, HTTPS_TABLE } from "./route-table.ts";
import { backend, feature, header, host, origin, route, xdsWith } from "./testing/models.ts";

const decoded = (bytes: Uint8Array) => decode(TYPE_URLS.VIRTUAL_HOST, bytes);

test("a plain route says its name, match, cluster and that there is no time limit, and no more", () => {
  const { resource, diagnostics } = xdsWith().virtualHost(HTTP_TABLE, host("a.test"));
  expect(decoded(resource.bytes)).toEqual({
    name: "http/a.test",
    domains: ["a.test"],
    routes: [
      {
        name: "shop/web/0/0",
        match: { pathSeparatedPrefix: "/cart" },
        route: { cluster: "shop/cart/80", timeout: {} },
      },
    ],
  });
  expect(resource.bytes.length).toBeLessThan(80);
  expect(diagnostics).toEqual([]);
});

test("a host depends on its table, its clusters and their endpoints, each once", () => {
  const routes = [route(), route({ name: "other" })];
  const { resource } = xdsWith().virtualHost(HTTPS_TABLE, host("a.test", { routes }));
  expect(resource.dependsOn).toEqual([
    { typeUrl: TYPE_URLS.CLUSTER, name: "shop/cart/80" },
    { typeUrl: TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, name: "shop/cart/80" },
    { typeUrl: TYPE_URLS.ROUTE_CONFIGURATION, name: "https" },
  ]);
  expect(resource.origins).toEqual([origin("web")]);
});

test("equal hosts have equal bytes and versions, whoever made them", () => {
  const one = xdsWith().virtualHost(HTTP_TABLE, host("a.test")).resource;
  const two = xdsWith().virtualHost(HTTP_TABLE, host("a.test")).resource;
  expect(two).toEqual(one);
  const other = xdsWith().virtualHost(HTTP_TABLE, host("b.test")).resource;
  expect(other.version).not.toBe(one.version);
});

test("a host with a certificate is in the table of its chain too", () => {
  const names = (model: Parameters<typeof host>[1], name = "a.test") =>
    xdsWith()
      .routeTables(host(name, model))
      .map((table) => table.name);
  expect(names({})).toEqual(["http", "https"]);
  expect(names({ certificate: "shop/tls" })).toEqual(["http", "https", "https/shop/tls"]);
  expect(names({ certificate: "shop/tls" }, "*")).toEqual(["http", "https"]);
});

test("plain HTTP gets the redirect, and needs no backend for it", () => {
  const model = host("a.test", {
    routes: [route({ httpAction: { kind: "redirect", status: 308, scheme: "https" } })],
  });
  const http = xdsWith().virtualHost(HTTP_TABLE, model).resource;
  expect(decoded(http.bytes).routes).toMatchObject([{ redirect: { schemeRedirect: "https" } }]);
  expect(http.dependsOn).toEqual([{ typeUrl: TYPE_URLS.ROUTE_CONFIGURATION, name: "http" }]);
  const https = xdsWith().virtualHost(HTTPS_TABLE, model).resource;
  expect(decoded(https.bytes).routes).toMatchObject([{ route: { cluster: "shop/cart/80" } }]);
});

test("what a trusted proxy had over https is not redirected", () => {
  const model = host("a.test", {
    routes: [route({ httpAction: { kind: "redirect", status: 308, scheme: "https" } })],
  });
  const { resource } = xdsWith([], { trustedHops: 1 }).virtualHost(HTTP_TABLE, model);
  expect(decoded(resource.bytes).routes).toMatchObject([
    {
      match: { headers: [{ name: "x-forwarded-proto", stringMatch: { exact: "https" } }] },
      route: { cluster: "shop/cart/80" },
    },
    { redirect: { schemeRedirect: "https" } },
  ]);
});

test("a route that breaks a rule of Envoy's API answers 503, and its sibling lives", () => {
  const bad = route({
    name: "bad",
    origins: [origin("bad")],
    action: { kind: "respond", status: 700, reason: "" },
  });
  const long = route({
    name: "long",
    action: { kind: "respond", status: 200, body: "ä".repeat(2049), reason: "" },
  });
  const { resource, diagnostics } = xdsWith().virtualHost(
    HTTP_TABLE,
    host("a.test", { routes: [bad, long, route()] }),
  );
  expect(decoded(resource.bytes).routes).toMatchObject([
    { name: "bad", directResponse: { status: 503 } },
    { name: "long", directResponse: { status: 503 } },
    { route: { cluster: "shop/cart/80" } },
  ]);
  expect(diagnostics).toMatchObject([
    { code: "resource-constraint", origin: origin("bad"), message: expect.stringContaining("503") },
    { code: "resource-constraint", message: expect.stringContaining("4096") },
  ]);
});

test("a route whose match cannot be had is left out and reported", () => {
  const path = route({ match: { path: { kind: "prefix", value: "/a?b" }, conditions: [] } });
  const cookie = route({
    match: {
      path: { kind: "prefix", value: "/" },
      conditions: [{ on: "cookie", name: "c", match: { kind: "regex", value: "x" } }],
    },
  });
  const headerName = route({
    match: { path: { kind: "prefix", value: "/" }, conditions: [header("a\nb", "c")] },
  });
  const { resource, diagnostics } = xdsWith().virtualHost(
    HTTP_TABLE,
    host("a.test", { routes: [path, cookie, headerName] }),
  );
  expect(decoded(resource.bytes).routes ?? []).toEqual([]);
  expect(resource.dependsOn).toEqual([{ typeUrl: TYPE_URLS.ROUTE_CONFIGURATION, name: "http" }]);
  expect(diagnostics.map(({ code }) => code)).toEqual(Array(3).fill("resource-constraint"));
});

test("a host that is no domain is a bug", () => {
  expect(() => xdsWith().virtualHost(HTTP_TABLE, host("a\n.test"))).toThrow("domains");
});

test("features shape routes that forward, and no others", () => {
  const seen: unknown[] = [];
  const tagging = feature("tag", {
    virtualHost: (out) => {
      out.includeRequestAttemptCount = true;
    },
    route: (out, policy, context) => {
      seen.push([policy, context.https, context.routeName]);
      if (policy !== undefined && out.route) out.route.timeout = { seconds: 3 };
    },
  });
  const routes = [
    route({ policies: { tag: "yes" } }),
    route({ name: "plain" }),
    route({ action: { kind: "redirect", status: 302, path: "/x" }, policies: { tag: "no" } }),
  ];
  const { resource } = xdsWith([tagging]).virtualHost(HTTPS_TABLE, host("a.test", { routes }));
  expect(seen).toEqual([
    ["yes", true, "shop/web/0/0"],
    [undefined, true, "plain"],
  ]);
  const message = decoded(resource.bytes);
  expect(message.includeRequestAttemptCount).toBe(true);
  expect(message.routes?.map((one) => one.route?.timeout)).toEqual([{ seconds: 3 }, {}, undefined]);
});

test("without an extension a protection closes its routes, and anything else has no effect", () => {
  const guard = feature("guard", {
    onInvalid: "deny",
    requires: ["type/guard"],
    route: () => expect.unreachable(),
  });
  const paint = feature("paint", { requires: ["type/paint"], route: () => expect.unreachable() });
  const routes = [
    route({ name: "guarded", policies: { guard: {} } }),
    route({ name: "painted", policies: { paint: {} } }),
    route({ name: "painted-too", policies: { paint: {} } }),
  ];
  const xds = xdsWith([guard, paint], {}, ["type/guard", "type/paint"]);
  const { resource, diagnostics } = xds.virtualHost(HTTP_TABLE, host("a.test", { routes }));
  expect(decoded(resource.bytes).routes).toMatchObject([
    { directResponse: { status: 503 } },
    { route: { cluster: "shop/cart/80" } },
    { route: { cluster: "shop/cart/80" } },
  ]);
  expect(diagnostics).toMatchObject([
    { code: "annotation-unsupported", severity: "error", origin: origin("web") },
    { code: "annotation-unsupported", severity: "warning", origin: origin("web") },
  ]);
});

test("shares and several backends", () => {
  const split = route({
    match: { path: { kind: "prefix", value: "/" }, conditions: [], below: 250_000 },
    action: {
      kind: "forward",
      backends: [
        { backend: backend("a"), weight: 1 },
        { backend: backend("b"), weight: 3 },
      ],
    },
  });
  const { resource } = xdsWith().virtualHost(HTTP_TABLE, host("a.test", { routes: [split] }));
  expect(decoded(resource.bytes).routes).toMatchObject([
    {
      match: { runtimeFraction: { defaultValue: { numerator: 250_000, denominator: "MILLION" } } },
      route: { weightedClusters: { clusters: [{ name: "shop/a/80" }, { name: "shop/b/80" }] } },
    },
  ]);
  expect(resource.dependsOn.map(({ name }) => name)).toContain("shop/b/80");
});

test("a feature may put several routes in place of one that answers itself, and sees no other", () => {
  const twice = feature("twice", {
    answers: (each, policy, { https }) =>
      policy === undefined
        ? [each]
        : [
            { name: "first", match: { prefix: `/${policy}/${https}` }, directResponse: { status: 200 } },
            each,
          ],
  });
  const refusal = { kind: "respond", status: 403, reason: "a test" } as const;
  const routes = [
    route({ action: refusal, policies: { twice: "x" } }),
    route({ action: refusal }),
    route({ policies: { twice: "x" } }),
    route({ httpAction: { kind: "redirect", status: 308, scheme: "https" }, policies: { twice: "y" } }),
  ];
  const { resource } = xdsWith([twice]).virtualHost(HTTP_TABLE, host("a.test", { routes }));
  expect(
    decoded(resource.bytes).routes?.map(({ match, directResponse, redirect }) => [
      match?.prefix ?? match?.pathSeparatedPrefix,
      directResponse?.status ?? redirect?.responseCode ?? "forwarded",
    ]),
  ).toEqual([
    ["/x/false", 200],
    ["/cart", 403],
    ["/cart", 403],
    ["/cart", "forwarded"],
    ["/y/false", 200],
    ["/cart", "PERMANENT_REDIRECT"],
  ]);
});
