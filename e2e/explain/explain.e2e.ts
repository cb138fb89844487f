import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { explain } from "@sluice/explain";
import { defineFeature } from "@sluice/feature-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** Makes Envoy say which route it took. */
const ROUTE_NAME = defineFeature({
  id: "test-route-name",
  title: "Route name",
  scope: "route",
  onInvalid: "ignore",
  keys: {},
  parse: () => undefined,
  routeConfiguration(out) {
    out.responseHeadersToAdd = [
      ...(out.responseHeadersToAdd ?? []),
      {
        header: { key: "x-route-name", value: "%ROUTE_NAME%" },
        appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
      },
    ];
  },
});

let gateway: TestGateway;
let echo: EchoBackend;

const paths = (...list: string[]) => list.map((path) => ({ path, service: "echo" }));
const canary = (name: string, keys: Record<string, string>, path = "/") =>
  ingress({ name, host: "a.example.com", annotations: { canary: "true", ...keys }, paths: paths(path) });

beforeAll(async () => {
  echo = await startEcho({ name: "echo" });
  gateway = await startTestGateway({
    extraFeatures: [ROUTE_NAME],
    manifests: {
      "world.yaml": yamlOf(
        ...service("echo", [{ port: echo.port }]),
        ingress({ name: "main", host: "a.example.com", paths: paths("/", "/shop", "/shop/cart/") }),
        ingress({
          name: "exact",
          host: "a.example.com",
          paths: [{ path: "/shop", pathType: "Exact", service: "echo" }],
        }),
        ingress({
          name: "regex",
          host: "a.example.com",
          annotations: { "use-regex": "true" },
          paths: paths("/s(hop|top)/[0-9]+", "/shop/ca.t"),
        }),
        ingress({
          name: "conditions",
          host: "a.example.com",
          annotations: {
            "match-method": "POST PUT",
            "prefix-match-header-x-color": "re",
            "exact-match-query-debug": "1",
          },
          paths: paths("/", "/shop"),
        }),
        canary("by-header", { "canary-by-header": "x-canary", "canary-weight": "30" }),
        canary("by-value", { "canary-by-header": "x-color", "canary-by-header-pattern": "gr[ae]y|blue" }),
        canary("by-cookie", { "canary-by-cookie": "who", "canary-weight": "20" }),
        canary("by-query", { "canary-by-query": "beta" }, "/shop"),
        ingress({ name: "wild", host: "*.example.com", paths: paths("/", "/wild") }),
        ingress({ name: "any", paths: paths("/", "/any") }),
        ingress({
          name: "moved",
          host: "b.example.com",
          annotations: { "permanent-redirect": "https://new.example.com/x" },
          paths: paths("/old"),
        }),
        ingress({
          name: "case",
          host: "b.example.com",
          annotations: { "ignore-path-case": "true" },
          paths: paths("/Docs"),
        }),
        ingress({
          name: "answers",
          host: "answers.example.com",
          annotations: {
            "enable-cors": "true",
            "whitelist-source-range": "10.0.0.0/8",
            "domain-blacklist-source-range": "192.0.2.1",
            "limit-rps": "9",
            "route-limit-rps": "99",
            "rate-limit": "999",
            "rate-limit-fallback-redirect-url": "example.com/busy",
            "concurrency-limit": "9",
            "concurrency-limit-fallback-custom-response-code": "503",
          },
          paths: paths("/"),
        }),
        ingress({
          name: "answers-moved",
          host: "answers.example.com",
          annotations: {
            "permanent-redirect": "https://new.example.com/",
            "whitelist-source-range": "10.0.0.0/8",
          },
          paths: paths("/moved"),
        }),
      ),
    },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.kill();
});

const segment = fc.constantFrom(
  ...["shop", "stop", "cart", "caat", "wild", "any", "old", "docs", "Docs", "12", "x", "..", ".", ""],
  ...["a%2Fb", "%73hop", "sh%6fp", "a;b", "a+b", "~", "%7E"],
);
const query = fc.constantFrom(
  "",
  "?debug=1",
  "?beta=always",
  "?beta=never",
  "?x=1&debug=1",
  "?debug",
  "?debug=%31",
);
const anyRequest = fc.record({
  host: fc.constantFrom(
    ...[
      "a.example.com",
      "A.Example.com:80",
      "b.example.com",
      "x.example.com",
      "x.y.example.com",
      "other.org",
    ],
  ),
  method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
  path: fc
    .tuple(fc.array(segment, { maxLength: 4 }), query)
    .map(([segments, text]) => `/${segments.join("/")}${text}`),
  headers: fc.dictionary(
    fc.constantFrom("x-canary", "x-color", "cookie", "x_under"),
    fc.constantFrom("always", "never", "red", "reed", "gray", "a blue b", "who=always", "who=never; a=b", ""),
    { maxKeys: 3 },
  ),
});

describe("explain", () => {
  it("names the route that Envoy takes, or says that there is none, for requests of all kinds", async () => {
    const requests = fc.sample(anyRequest, 1500);
    const taken = new Set<string>();
    for (const { host, method, path, headers } of requests) {
      const explanation = explain(
        { method, url: `http://${host}${path}`, headers: Object.entries(headers) },
        gateway.gateway.view,
      );
      const response = await gateway.request({ host, method, path, headers });
      const route = response.headers["x-route-name"];
      const asked = { host, method, path, headers, status: response.status };
      const expected = explanation.outcomes.map((outcome) => outcome.route ?? "-");
      if (explanation.refused !== undefined)
        expect(asked).toMatchObject({ status: explanation.refused.status });
      else
        expect({ ...asked, route: expected }).toEqual({
          ...asked,
          route: expect.arrayContaining([route === undefined || route === "" ? "-" : route]),
        });
      taken.add(String(route));
    }
    // The world has more kinds of routes than a test of one kind would take.
    expect(taken.size).toBeGreaterThan(15);
  });

  it("says what may answer before a request is forwarded, as Envoy does", async () => {
    const host = "answers.example.com";
    const preflight = { origin: "https://a.example.com", "access-control-request-method": "PUT" };
    const notes = (method: string, path: string, headers: Record<string, string>) =>
      explain(
        { method, url: `http://${host}${path}`, headers: Object.entries(headers) },
        gateway.gateway.view,
      ).notes;

    expect((await gateway.request({ host, method: "OPTIONS", headers: preflight })).status).toBe(200);
    expect(notes("OPTIONS", "/", preflight)).toContainEqual(expect.stringContaining("CORS preflight"));

    expect((await gateway.request({ host })).status).toBe(403);
    expect(notes("GET", "/", {})).toEqual([
      "Requests over the limit of their client get 503, or 429 if the operator says so.",
      "Requests over 9 in flight over all instances get 503.",
      "Clients whose address the lists of the host do not let in get 403.",
      "Clients whose address the lists of this Ingress do not let in get 403.",
      "Requests over 999 per second over all instances get 302 to //example.com/busy.",
      "Requests over the limit of the Ingress get 429.",
    ]);

    expect((await gateway.request({ host, path: "/moved" })).status).toBe(301);
    expect(notes("GET", "/moved", {})).toEqual([]);
  });
});
