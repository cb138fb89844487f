import { expect, test } from "vitest";
import { ingressRevision } from "./ingress-revision.ts";
import { narrowObject } from "./narrow-object.ts";
import type { RawObject } from "./raw-object.ts";

const ingress = (annotations: object = {}, more: object = {}): RawObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "web", namespace: "shop", uid: "u1", annotations, ...more },
  spec: { ingressClassName: "mse", rules: [{ host: "a.example" }] },
});

const OWN = { "sluice.dev/live": "3 on 2 of 2", "sluice.dev/live-revision": "abc" };
const LAST_APPLIED = { "kubectl.kubernetes.io/last-applied-configuration": "{}" };

test("what Sluice writes, what kubectl leaves behind and the order of fields make no other revision", () => {
  const plain = ingressRevision(ingress({ b: "1", a: "2" }));
  expect(plain).toMatch(/^[0-9a-f]{12}$/);
  expect(ingressRevision(ingress({ a: "2", ...OWN, ...LAST_APPLIED, b: "1" }))).toBe(plain);
  expect(ingressRevision(ingress({ a: "2", b: "1" }, { generation: 9, resourceVersion: "7" }))).toBe(plain);
});

test("an annotation, the spec and another object make another revision", () => {
  const revisions = [
    ingress(),
    ingress({ a: "1" }),
    ingress({ a: "2" }),
    { ...ingress(), spec: { rules: [] } },
    ingress({}, { uid: "u2" }),
  ].map(ingressRevision);
  expect(new Set(revisions).size).toBe(revisions.length);
});

test("the annotations that Sluice writes are left out of the model", () => {
  const narrowed = narrowObject(ingress({ a: "1", ...OWN }), { report: () => {} });
  expect(narrowed?.metadata.annotations).toEqual({ a: "1" });
});
