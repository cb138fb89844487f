import { formatFieldPath, parseFieldPath } from "@sluice/kubernetes-objects";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locate } from "./locate.ts";
import { parseManifest } from "./parse-manifest.ts";

const TEXT = `# first line
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: List
items:
  - apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: b
      annotations:
        "example.com/key": "5"
    spec:
      rules:
        - host: h
          http:
            paths:
              - {path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}
`;
const [namespace, ingress] = parseManifest("f.yaml", TEXT).objects;

describe("locate", () => {
  it.each([
    ['metadata.annotations["example.com/key"]', "14:9"],
    ["spec.rules[0]", "17:11"],
    ["spec.rules[0].http.paths[0]", "20:17"],
    ["spec.rules[0].http.paths[0].backend.service.port.number", "20:81"],
    ["spec.rules[0].http.paths[7].backend", "19:13"],
    ["spec.tls", "15:5"],
    ["", "9:5"],
    ["][ nonsense", "9:5"],
  ])("finds %s", (field, place) => {
    const found = ingress && locate(ingress, field, () => TEXT);
    expect(`${found?.line}:${found?.column}`).toBe(place);
    expect(found?.file).toBe("f.yaml");
  });

  it("falls back to the object when the file has changed or is gone", () => {
    for (const text of [undefined, "", "a: [", TEXT.replace("#", "#\n#")]) {
      expect(namespace && locate(namespace, "metadata.name", () => text)).toEqual(namespace?.location);
    }
  });

  it("knows nothing of objects that come from no file", () => {
    if (namespace === undefined) throw new Error("The text holds a Namespace.");
    const { location: _location, ...elsewhere } = namespace;
    expect(locate(elsewhere, "metadata.name")).toBeUndefined();
  });
});

describe("field paths", () => {
  it("are read back as they were written", () => {
    const path = fc.tuple(fc.string({ minLength: 1 }), fc.array(fc.oneof(fc.string(), fc.nat())));
    fc.assert(
      fc.property(path, ([first, rest]) => {
        expect(parseFieldPath(formatFieldPath([first, ...rest]))).toEqual([first, ...rest]);
      }),
    );
  });
});
