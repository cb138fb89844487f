import type { References } from "@sluice/feature-api";
import { expect, test } from "vitest";
import { mirroring } from "./mirroring.ts";
import { draft, parse, readyServices } from "./testing/feature-bench.ts";

/** All Services are there, with these ports. */
const SERVICES: References = {
  ...readyServices(),
  service: (namespace, name) => ({
    kind: "Service",
    metadata: { namespace, name, labels: {}, annotations: {} },
    spec: {
      type: "ClusterIP",
      selector: {},
      ports: [80, 81, 443, 8080, 8443].map((port) => ({ port, targetPort: port, protocol: "TCP" })),
    },
  }),
};

/** The mirror that annotations make: its cluster, its share and its host. */
function tried(annotations: Readonly<Record<string, string>>) {
  const { policy, found } = parse(mirroring, annotations, SERVICES);
  const mirror = policy === undefined ? undefined : draft(mirroring, policy).draft.mirror;
  return { found, mirror: mirror && [mirror.backend.name, mirror.percent, mirror.host] };
}

test.each<[Record<string, string>, unknown[]]>([
  [{ "mirror-target-service": "rec" }, ["shop/rec/first", 100, undefined]],
  [{ "mirror-target-service": "rec:81" }, ["shop/rec/81", 100, undefined]],
  [{ "mirror-target-service": "far/rec" }, ["far/rec/first", 100, undefined]],
  [{ "mirror-target-service": "far/rec:8080" }, ["far/rec/8080", 100, undefined]],
  [{ "mirror-target-service": "rec", "mirror-percentage": "7" }, ["shop/rec/first", 7, undefined]],
  [{ "mirror-target-service": "rec", "mirror-percentage": "100" }, ["shop/rec/first", 100, undefined]],
  [{ "mirror-target-service": "rec", "mirror-host": "m.test" }, ["shop/rec/first", 100, "m.test"]],
  [{ "mirror-target-fqdn": "rec.far.svc.cluster.local" }, ["far/rec/80", 100, undefined]],
  [{ "mirror-target-fqdn": "rec.far.svc", "mirror-target-fqdn-port": "81" }, ["far/rec/81", 100, undefined]],
  [{ "mirror-target": "http://rec.far.svc" }, ["far/rec/80", 100, "rec.far.svc"]],
  [{ "mirror-target": "http://rec.far.svc/$request_uri" }, ["far/rec/80", 100, "rec.far.svc"]],
  [{ "mirror-target": "http://rec.far.svc:81$request_uri" }, ["far/rec/81", 100, "rec.far.svc:81"]],
  [{ "mirror-target": "https://rec.far.svc/" }, ["far/rec/443/https", 100, "rec.far.svc"]],
  [{ "mirror-target": "http://rec.far.svc", "mirror-host": "m.test" }, ["far/rec/80", 100, "m.test"]],
  [{ "mirror-target-fqdn": "Rec.Example.com" }, ["_outside/rec.example.com/80", 100, undefined]],
  [{ "mirror-target-fqdn": "rec", "mirror-target-fqdn-port": "81" }, ["_outside/rec/81", 100, undefined]],
  [{ "mirror-target-fqdn": "10.1.2.3" }, ["_outside/10.1.2.3/80", 100, undefined]],
  [{ "mirror-target-fqdn": "[FD00::1]" }, ["_outside/fd00::1/80", 100, undefined]],
  [
    { "mirror-target": "http://rec.example.com$request_uri" },
    ["_outside/rec.example.com/80", 100, "rec.example.com"],
  ],
  [
    { "mirror-target": "https://rec.example.com:8443/$request_uri", "mirror-percentage": "7" },
    ["_outside/rec.example.com/8443/https", 7, "rec.example.com:8443"],
  ],
  [{ "mirror-target": "https://[fd00::1]" }, ["_outside/fd00::1/443/https", 100, "[fd00::1]"]],
])("%j", (annotations, mirror) => {
  expect(tried(annotations)).toEqual({ found: [], mirror });
});

test("0 % is none", () => {
  expect(tried({ "mirror-target-service": "rec", "mirror-percentage": "0" })).toEqual({
    found: [],
    mirror: undefined,
  });
});

test("the host outside wins over the Service, and both over the URL", () => {
  const all = {
    "mirror-target-fqdn": "a.far.svc",
    "mirror-target-service": "b",
    "mirror-target": "http://c.far.svc",
  };
  expect(tried(all)).toEqual({
    found: ["annotation-no-effect mirror-target-service", "annotation-no-effect mirror-target"],
    mirror: ["far/a/80", 100, undefined],
  });
});

test.each([
  ["mirror-target-service", "a/b/c"],
  ["mirror-target-service", "rec:http"],
  ["mirror-target-service", "rec:0"],
  ["mirror-target-service", "http://rec"],
  ["mirror-target-fqdn", "$host"],
  ["mirror-target-fqdn", "rec.example.com:80"],
  ["mirror-target-fqdn", "*.example.com"],
  ["mirror-target-fqdn", "http://rec.example.com"],
  ["mirror-target", "http://rec.far.svc/copy$request_uri"],
  ["mirror-target", "http://$host"],
  ["mirror-target", "rec.far.svc"],
  ["mirror-target", "http://rec.example.com/copy$request_uri"],
  ["mirror-target", "http://rec.example.com$request_uri/x"],
  ["mirror-target", "http://rec.example.com$uri"],
  ["mirror-target", "ftp://rec.example.com"],
  ["mirror-target", "http://a@rec.example.com"],
])("%s: %j mirrors nothing, reported", (key, text) => {
  expect(tried({ [key]: text })).toEqual({ found: [`annotation-value ${key}`], mirror: undefined });
});

test.each([
  ["mirror-percentage", "101"],
  ["mirror-percentage", "10%"],
  ["mirror-host", "$host"],
  ["mirror-request-body", "no"],
  ["mirror-target-fqdn-port", "0"],
])("%s: %j is ignored, reported", (key, text) => {
  expect(tried({ "mirror-target-service": "rec", [key]: text })).toEqual({
    found: [`annotation-value ${key}`],
    mirror: ["shop/rec/first", 100, undefined],
  });
});

test("mirror-request-body on is what happens anyway", () => {
  expect(tried({ "mirror-target-service": "rec", "mirror-request-body": "on" })).toEqual(
    tried({ "mirror-target-service": "rec" }),
  );
});

test("what has no effect is reported", () => {
  expect(tried({ "mirror-request-body": "off", "mirror-target-service": "rec" }).found).toEqual([
    "annotation-no-effect mirror-request-body",
  ]);
  expect(tried({ "mirror-percentage": "5", "mirror-host": "a" }).found).toEqual([
    "annotation-no-effect mirror-percentage",
    "annotation-no-effect mirror-host",
  ]);
});

test("a Service that is missing mirrors nothing, reported", () => {
  const { policy, found } = parse(mirroring, { "mirror-target-service": "rec" });
  expect([policy, found]).toEqual([undefined, ["service-missing mirror-target-service"]]);
});

test("a host outside has its own name as SNI, an address has none, and neither certificate is verified", () => {
  const variant = (url: string) => {
    const { policy } = parse(mirroring, { "mirror-target": url });
    return draft(mirroring, policy).draft.mirror?.backend.variant;
  };
  expect(variant("http://rec.example.com")).toEqual({});
  expect(variant("https://rec.example.com")).toEqual({
    "backend-protocol": { protocol: "HTTPS" },
    "backend-tls": { implied: false, name: "rec.example.com", sni: true, ciphers: [] },
  });
  expect(variant("https://10.1.2.3")).toEqual({ "backend-protocol": { protocol: "HTTPS" } });
});

test("a Service without the port mirrors nothing, reported", () => {
  expect(tried({ "mirror-target-service": "rec:82" })).toEqual({
    found: ["service-port-missing mirror-target-service"],
    mirror: undefined,
  });
});
