import type { KubeObject } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseManifest } from "./parse-manifest.ts";
import { serviceYaml } from "./testing.ts";

interface Parsed {
  /** Without metadata and location. */
  readonly bodies: readonly object[];
  readonly metadata: readonly object[];
  /** `severity code line:column key`. */
  readonly findings: readonly string[];
}

function parse(text: string): Parsed {
  const { objects, diagnostics } = parseManifest("f.yaml", text);
  return {
    bodies: objects.map(({ metadata: _m, location: _l, ...body }) => body),
    metadata: objects.map(({ metadata }) => metadata),
    findings: diagnostics.map((d) =>
      `${d.severity} ${d.code} ${d.location?.line}:${d.location?.column} ${d.key ?? ""}`.trim(),
    ),
  };
}

const head = (apiVersion: string, kind: string): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: x}`;
const backend = { service: { name: "s", port: { number: 80 } } };

describe("narrowing with Kubernetes' defaults", () => {
  it.each<[string, string, object]>([
    [
      "an Ingress",
      `${head("networking.k8s.io/v1", "Ingress")}, spec: {ingressClassName: mse, defaultBackend: {service: {name: s, port: {name: http}}},
        rules: [{http: {paths: [{backend: {service: {name: s, port: {number: 80}}}}]}}, {host: a.b}], tls: [{secretName: t}], status: {}}}`,
      {
        kind: "Ingress",
        spec: {
          ingressClassName: "mse",
          defaultBackend: { service: { name: "s", port: { name: "http" } } },
          rules: [
            { host: "", paths: [{ path: "", pathType: "ImplementationSpecific", backend }] },
            { host: "a.b", paths: [] },
          ],
          tls: [{ hosts: [], secretName: "t" }],
        },
      },
    ],
    [
      "an Ingress without spec",
      `${head("networking.k8s.io/v1", "Ingress")}}`,
      { kind: "Ingress", spec: { rules: [], tls: [] } },
    ],
    [
      "a backend that is a resource",
      `${head("networking.k8s.io/v1", "Ingress")}, spec: {defaultBackend: {resource: {kind: B, name: b}}}}`,
      { kind: "Ingress", spec: { defaultBackend: {}, rules: [], tls: [] } },
    ],
    [
      "a Service",
      `${head("v1", "Service")}, spec: {clusterIP: None, ports: [{port: 80}, {port: 81, name: n, targetPort: web, protocol: UDP, appProtocol: h2c}], selector: null}}`,
      {
        kind: "Service",
        spec: {
          type: "ClusterIP",
          clusterIP: "None",
          selector: {},
          ports: [
            { port: 80, targetPort: 80, protocol: "TCP" },
            { name: "n", port: 81, targetPort: "web", protocol: "UDP", appProtocol: "h2c" },
          ],
        },
      },
    ],
    [
      "an EndpointSlice",
      `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: x, labels: {kubernetes.io/service-name: s}}, addressType: IPv4,
        endpoints: [{addresses: [127.0.0.1]}, {addresses: [10.0.0.1], conditions: {ready: false, terminating: true}, targetRef: {kind: Pod, name: p}, zone: z, nodeName: n},
          {addresses: [10.0.0.2], conditions: {ready: false, serving: true}, targetRef: {kind: Node, name: n}}], ports: [{port: 80}]}`,
      {
        kind: "EndpointSlice",
        serviceName: "s",
        addressType: "IPv4",
        endpoints: [
          { addresses: ["127.0.0.1"], conditions: { ready: true, serving: true, terminating: false } },
          {
            addresses: ["10.0.0.1"],
            conditions: { ready: false, serving: false, terminating: true },
            nodeName: "n",
            zone: "z",
            podName: "p",
          },
          { addresses: ["10.0.0.2"], conditions: { ready: false, serving: true, terminating: false } },
        ],
        ports: [{ port: 80, protocol: "TCP" }],
      },
    ],
    [
      "an Endpoints",
      `${head("v1", "Endpoints")}, subsets: [{addresses: [{ip: 1.2.3.4, targetRef: {kind: Pod, name: p}}], ports: [{port: 80, name: http}]}]}`,
      {
        kind: "Endpoints",
        subsets: [
          {
            addresses: [{ ip: "1.2.3.4", podName: "p" }],
            notReadyAddresses: [],
            ports: [{ name: "http", port: 80, protocol: "TCP" }],
          },
        ],
      },
    ],
    [
      "a Pod",
      `${head("v1", "Pod")}, status: {podIP: 1.2.3.4, podIPs: [{ip: 1.2.3.4}, {ip: "::1"}]}}`,
      { kind: "Pod", podIPs: ["1.2.3.4", "::1"] },
    ],
    [
      "a Pod with one address",
      `${head("v1", "Pod")}, status: {podIP: 1.2.3.4}}`,
      { kind: "Pod", podIPs: ["1.2.3.4"] },
    ],
    [
      "a Secret",
      `${head("v1", "Secret")}, type: kubernetes.io/tls, data: {a: aGk=, b: "aGk=\\n"}, stringData: {b: plain}}`,
      {
        kind: "Secret",
        type: "kubernetes.io/tls",
        data: { a: new Uint8Array([104, 105]), b: new Uint8Array(Buffer.from("plain")) },
      },
    ],
    [
      "a ConfigMap",
      `${head("v1", "ConfigMap")}, data: {a: text}}`,
      { kind: "ConfigMap", data: { a: "text" } },
    ],
    ["a Namespace", `${head("v1", "Namespace")}}`, { kind: "Namespace" }],
    [
      "an IngressClass",
      `${head("networking.k8s.io/v1", "IngressClass")}, spec: {controller: c, parameters: {apiGroup: g, kind: K, name: n}}}`,
      {
        kind: "IngressClass",
        spec: { controller: "c", parameters: { apiGroup: "g", kind: "K", name: "n" } },
      },
    ],
    [
      "a MseIngressConfig",
      `${head("mse.alibabacloud.com/v1alpha1", "MseIngressConfig")}, spec: {name: g, common: {replicas: 3}}}`,
      { kind: "MseIngressConfig", spec: { name: "g", common: { replicas: 3 } } },
    ],
  ])("reads %s", (_title, text, expected) => {
    expect(parse(text)).toMatchObject({ bodies: [expected], findings: [] });
  });

  it("reads metadata, with the namespace `default`, and none for cluster-scoped kinds", () => {
    const { metadata } = parse(
      `{apiVersion: v1, kind: Service, metadata: {name: x, generation: 3, creationTimestamp: "2026-03-01T12:00:00Z", labels: {a: b}}, spec: {}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: y, namespace: ignored, annotations: {"k": "v"}}}`,
    );
    expect(metadata).toEqual([
      {
        namespace: "default",
        name: "x",
        generation: 3,
        creationTimestamp: Date.UTC(2026, 2, 1, 12),
        labels: { a: "b" },
        annotations: {},
      },
      { namespace: "", name: "y", labels: {}, annotations: { k: "v" } },
    ]);
  });

  it.each(["extensions/v1beta1", "networking.k8s.io/v1beta1"])("converts an Ingress of %s", (version) => {
    const spec =
      "{backend: {serviceName: s, servicePort: http}, rules: [{http: {paths: [{backend: {serviceName: s, servicePort: 80}}]}}]}";
    const { bodies, findings } = parse(`${head(version, "Ingress")}, spec: ${spec}}`);
    expect(bodies).toEqual([
      {
        kind: "Ingress",
        spec: {
          defaultBackend: { service: { name: "s", port: { name: "http" } } },
          rules: [{ host: "", paths: [{ path: "", pathType: "ImplementationSpecific", backend }] }],
          tls: [],
        },
      },
    ]);
    expect(findings).toEqual(["info object-outdated 1:2 apiVersion"]);
  });

  it("reads lists, typed lists with bare items, and lists in lists", () => {
    const item = "{apiVersion: v1, kind: Namespace, metadata: {name: a}}";
    const { metadata, findings } = parse(`{apiVersion: v1, kind: List, items: [
  ${item},
  {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Namespace, metadata: {name: b}}]},
  5]}
---
{apiVersion: v1, kind: NamespaceList, items: [{metadata: {name: c}}]}
---
{apiVersion: v1, kind: List}`);
    expect(metadata.map((one) => "name" in one && one.name)).toEqual(["a", "b", "c"]);
    expect(findings).toEqual(["error object-invalid 4:3"]);
  });
});

describe("what cannot be used", () => {
  it.each<[string, string, string[], number]>([
    [
      "a missing name",
      "{apiVersion: v1, kind: Namespace, metadata: {}}",
      ["error object-invalid 1:35 metadata.name"],
      0,
    ],
    ["missing metadata", "{apiVersion: v1, kind: Namespace}", ["error object-invalid 1:1 metadata"], 0],
    ["a missing kind", "{apiVersion: v1}", ["error object-invalid 1:1 kind"], 0],
    ["a missing apiVersion", "{kind: Service}", ["error object-invalid 1:1 apiVersion"], 0],
    [
      "a bad name",
      "{apiVersion: v1, kind: Namespace, metadata: {name: A_b}}",
      ["error object-invalid 1:46 metadata.name"],
      0,
    ],
    [
      "a name with a slash",
      "{apiVersion: v1, kind: Namespace, metadata: {name: a/b}}",
      ["error object-invalid 1:46 metadata.name"],
      0,
    ],
    [
      "a bad namespace",
      "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: a.b}}",
      ["error object-invalid 1:49 metadata.namespace"],
      0,
    ],
    [
      "a bad time",
      "{apiVersion: v1, kind: Pod, metadata: {name: a, creationTimestamp: soon}}",
      ["error object-invalid 1:49 metadata.creationTimestamp"],
      0,
    ],
    [
      "labels that are no map",
      "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: [x]}}",
      ["error object-invalid 1:49 metadata.labels"],
      0,
    ],
    [
      "an annotation that is a map",
      "{apiVersion: v1, kind: Pod, metadata: {name: a, annotations: {k: {}}}}",
      ["error object-invalid 1:63 metadata.annotations.k"],
      0,
    ],
    ["a foreign kind", "kind: Deployment\napiVersion: apps/v1\n", ["info kind-unknown 1:1"], 0],
    [
      "a namesake of a kind",
      "{apiVersion: serving.knative.dev/v1, kind: Service}",
      ["info kind-unknown 1:1"],
      0,
    ],
    ["a kind by the name of a method", "{apiVersion: v1, kind: constructor}", ["info kind-unknown 1:1"], 0],
    ["a scalar", "hello", ["error object-invalid 1:1"], 0],
    ["a list", "- a", ["error object-invalid 1:1"], 0],
    ["empty documents", "---\n---\n# only this\n---\n~\n", ["error object-invalid 5:1"], 0],
    ["bad base64", `${head("v1", "Secret")}, data: {k: "%%"}}`, ["error object-invalid 1:60 data.k"], 0],
    ["a Service without spec", `${head("v1", "Service")}}`, ["error object-invalid 1:1 spec"], 0],
    [
      "a port out of range",
      `${head("v1", "Service")}, spec: {ports: [{port: 0}, {port: 80}]}}`,
      ["error object-invalid 1:70 spec.ports[0].port"],
      1,
    ],
    [
      "an address that is no text",
      `${head("v1", "Endpoints")}, subsets: [{addresses: [{ip: 5}, {ip: 1.2.3.4}]}]}`,
      ["error object-invalid 1:80 subsets[0].addresses[0].ip"],
      1,
    ],
  ])("is reported with its place: %s", (_title, text, findings, objects) => {
    const result = parse(text);
    expect(result.findings).toEqual(findings);
    expect(result.bodies).toHaveLength(objects);
  });

  it("loses the bad elements of a list, not its neighbours", () => {
    const { bodies, findings } = parse(`apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: x}
spec:
  rules:
    - host: a
      http:
        paths:
          - {pathType: Prefx, backend: {service: {name: s, port: {number: 80}}}}
          - {backend: {service: {name: s, port: {number: 80}}}}
          - {backend: {service: {name: s, port: {}}}}
          - {path: /}
          - {backend: {}}
    - 7
    - host: {}
  tls: [{hosts: [a, [], b]}]
`);
    expect(findings).toEqual([
      "error object-invalid 9:14 spec.rules[0].http.paths[0].pathType",
      "error object-invalid 11:43 spec.rules[0].http.paths[2].backend.service.port",
      "error object-invalid 12:13 spec.rules[0].http.paths[3].backend",
      "error object-invalid 13:14 spec.rules[0].http.paths[4].backend",
      "error object-invalid 14:7 spec.rules[1]",
      "error object-invalid 15:7 spec.rules[2].host",
      "error object-invalid 16:21 spec.tls[0].hosts[1]",
    ]);
    expect(bodies).toMatchObject([
      { spec: { rules: [{ host: "a", paths: [{ backend }] }], tls: [{ hosts: ["a", "b"] }] } },
    ]);
  });

  it("takes scalars in annotations as they are written, and says that Kubernetes would not", () => {
    const { metadata, findings } = parse(`apiVersion: v1
kind: Pod
metadata:
  name: x
  annotations:
    bool: true
    number: 1.0
    old: on
    quoted: "on"
    "null": ~
`);
    expect(metadata).toMatchObject([
      { annotations: { bool: "true", number: "1.0", old: "on", quoted: "on", null: "" } },
    ]);
    expect(findings).toEqual([
      "warning object-invalid 6:5 metadata.annotations.bool",
      "warning object-invalid 7:5 metadata.annotations.number",
      "warning object-invalid 8:5 metadata.annotations.old",
    ]);
  });

  it("never shows what is in a Secret", () => {
    const text = `${head("v1", "Secret")}, data: {k: "hunter2!"}, stringData: {p: 4711, q: [hunter3]}, type: [hunter4]}`;
    const { diagnostics } = parseManifest("f.yaml", text);
    expect(diagnostics).toHaveLength(4);
    expect(JSON.stringify(diagnostics)).not.toMatch(/hunter|4711/);
  });
});

describe("syntax", () => {
  it.each([
    "*hunter",
    "|hunter",
    "> hunter",
    "!e!hunter x",
    '"\\xhunter"',
    '}"hunter"',
    "{hunter: 1, hunter: 2}",
  ])("errors never show what is in a Secret: %s", (value) => {
    const text = `kind: Secret\nstringData:\n  password: ${value}\n  other: x\n`;
    const { diagnostics } = parseManifest("f.yaml", text);
    expect(diagnostics[0]?.code).toBe("file-syntax");
    expect(JSON.stringify(diagnostics)).not.toContain("hunter");
  });

  it.each([
    ["a tab", "a:\n\t- b\n", "2:1"],
    ["an open bracket", "a: [1\nb: 2\n", "2:1"],
    ["a key that is there twice", "a: 1\nb: {x: 1, x: 2}\n", "2:11"],
    ["an error in the third document", "a: 1\n---\nb: 2\n---\nc: ]\n", "5:4"],
    ["an alias without an anchor", "a: *x\n", "1:4"],
    ["JSON with a missing comma", '{"a": 1\n "b": 2}', "1:7"],
  ])("errors have a place: %s", (_title, text, place) => {
    const { valid, objects, diagnostics } = parseManifest("f.yaml", text);
    expect({ valid, objects }).toEqual({ valid: false, objects: [] });
    expect(diagnostics[0]).toMatchObject({ code: "file-syntax", severity: "error" });
    expect(`${diagnostics[0]?.location?.line}:${diagnostics[0]?.location?.column}`).toBe(place);
  });

  it("allows anchors, aliases and merge keys", () => {
    const { metadata } = parse(`apiVersion: v1
kind: Pod
metadata: &m
  name: x
  labels: &l {a: b}
  annotations: {<<: *l, c: d}
`);
    expect(metadata).toMatchObject([{ labels: { a: "b" }, annotations: { a: "b", c: "d" } }]);
  });

  it.each([
    [
      "aliases that multiply",
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[..."bcdefghi"].map((key, n) => `${key}: &${key} [${`*${"abcdefghi"[n]},`.repeat(10)}]`).join("\n")}`,
    ],
    ["brackets without end", "[".repeat(100_000)],
    ["an anchor within itself", "&a [*a]"],
    ["an error in each line", "a: ]\n".repeat(1_000)],
  ])("bounds what is hostile: %s", (_title, text) => {
    const { valid, diagnostics } = parseManifest("f.yaml", text);
    expect(valid && diagnostics.every((one) => one.code === "file-syntax")).toBe(false);
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(diagnostics.length).toBeLessThan(20);
  });

  it("cannot be used to change prototypes", () => {
    const { objects } = parseManifest(
      "f.yaml",
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {__proto__: p, constructor: c}}, data: {__proto__: {polluted: "yes"}, toString: t}, __proto__: {polluted: 1}}`,
    );
    expect(JSON.stringify(objects)).not.toContain("polluted");
    expect({}).not.toHaveProperty("polluted");
    expect(Object.getPrototypeOf(objects[0] ?? {})).toBe(Object.prototype);
  });
});

describe("the next version of a file", () => {
  const names = ["a", "b", "c"];
  const before = parseManifest("f.yaml", names.map((name) => serviceYaml(name)).join("---\n"));

  it("takes over the objects of documents that did not change, with their new place", () => {
    const text = [
      "# one more line",
      serviceYaml("a"),
      `---\n${serviceYaml("b", "NodePort")}`,
      `---\n${serviceYaml("c")}`,
    ].join("\n");
    const after = parseManifest("f.yaml", text, before);
    expect(after.objects.map((object) => object.location?.line)).toEqual([2, 10, 18]);
    expect(after.objects[2]?.metadata).toBe(before.objects[2]?.metadata);
    expect(parseManifest("f.yaml", text, after).objects[1]).toBe(after.objects[1]);
  });

  it("equals a parse from scratch", () => {
    const part = fc.oneof(
      fc
        .tuple(fc.constantFrom(...names), fc.constantFrom("ClusterIP", "NodePort"))
        .map(([name, type]) => serviceYaml(name, type)),
      fc.constantFrom("# comment\n", "", "a: [\n", "kind: Deployment\napiVersion: apps/v1\n", "...\n"),
    );
    const text = fc.array(part, { maxLength: 6 }).map((parts) => parts.join("---\n"));
    fc.assert(
      fc.property(text, text, (first, second) => {
        const { chunks: _chunks, ...fresh } = parseManifest("f.yaml", second);
        const { chunks: _more, ...reused } = parseManifest("f.yaml", second, parseManifest("f.yaml", first));
        expect(reused).toEqual(fresh);
      }),
    );
  });
});

describe("any input", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc
      .array(
        fc.constantFrom(
          "a:",
          " ",
          "\n",
          "- ",
          "[",
          "{",
          "}",
          "]",
          "&a",
          "*a",
          "---\n",
          "|",
          ">",
          "'",
          '"',
          "!!x",
          "%",
          "\t",
          "? ",
          "<<:",
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join("")),
    fc.json(),
  );

  it("gives objects or findings, never an exception", () => {
    fc.assert(
      fc.property(hostile, (text) => void parseManifest("f.yaml", text)),
      { numRuns: 500 },
    );
  });

  it("in place of any field gives the same", () => {
    const kinds = [
      ["networking.k8s.io/v1", "Ingress"],
      ["extensions/v1beta1", "Ingress"],
      ["networking.k8s.io/v1", "IngressClass"],
      ["v1", "Service"],
      ["discovery.k8s.io/v1", "EndpointSlice"],
      ["v1", "Endpoints"],
      ["v1", "Pod"],
      ["v1", "Secret"],
      ["v1", "ConfigMap"],
      ["mse.alibabacloud.com/v1", "MseIngressConfig"],
    ] as const;
    const field = fc.constantFrom(
      "spec",
      "metadata",
      "data",
      "rules",
      "http",
      "paths",
      "backend",
      "service",
      "port",
      "tls",
      "hosts",
      "endpoints",
      "addresses",
      "subsets",
      "ports",
      "status",
      "podIPs",
      "labels",
      "name",
      "number",
      "items",
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "medium" },
        fc.jsonValue({ maxDepth: 1 }),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(field, tie("value"), { maxKeys: 4 }),
      ),
    }));
    const object = fc.tuple(fc.constantFrom(...kinds), fc.dictionary(field, value));
    fc.assert(
      fc.property(object, ([[apiVersion, kind], fields]) => {
        const text = JSON.stringify({ metadata: { name: "x" }, ...fields, apiVersion, kind });
        const { objects, diagnostics } = parseManifest("f.yaml", text);
        expect(objects.length + diagnostics.length).toBeGreaterThan(0);
        const kindsFound = objects.map((one: KubeObject) => one.kind);
        expect(kindsFound.every((one) => one === kind)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
