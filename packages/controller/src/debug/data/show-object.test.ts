import type { ConfigMap, ObjectMeta, Secret } from "@sluice/model";
import { expect, test } from "vitest";
import { showObject } from "./show-object.ts";

const meta = (fields: Partial<ObjectMeta> = {}): ObjectMeta => ({
  namespace: "shop",
  name: "x",
  labels: { app: "web" },
  annotations: {},
  ...fields,
});

test("a Secret shows the names and lengths of what it holds, and of its annotations", () => {
  const secret: Secret = {
    kind: "Secret",
    type: "Opaque",
    metadata: meta({
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": '{"data":"aHVzaA=="}' },
    }),
    data: { password: Buffer.from("hush"), "tls.key": new Uint8Array(1700) },
    location: { file: "a.yaml", line: 1, column: 1 },
  };
  expect(showObject(secret)).toEqual({
    kind: "Secret",
    type: "Opaque",
    metadata: {
      ...meta(),
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "(19 bytes)" },
    },
    data: { password: "(4 bytes)", "tls.key": "(1700 bytes)" },
  });
});

test("other objects are shown as they are, their age as a date", () => {
  const map: ConfigMap = {
    kind: "ConfigMap",
    metadata: meta({ creationTimestamp: Date.UTC(2026, 0, 2) }),
    data: { list: "a,b" },
  };
  expect(showObject(map)).toEqual({
    kind: "ConfigMap",
    metadata: { ...meta(), creationTimestamp: "2026-01-02T00:00:00.000Z" },
    data: { list: "a,b" },
  });
  const ageless = { ...map, metadata: meta({ creationTimestamp: Number.POSITIVE_INFINITY }) };
  expect(showObject(ageless)).toMatchObject({ metadata: meta() });
});
