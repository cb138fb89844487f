import type { Route } from "@sluice/protos";
import { describe, expect, test } from "vitest";
import { defaultBackend, goesToDefaultBackend } from "./default-backend.ts";
import { draft, parse, plain, readyServices, WEB } from "./testing/feature-bench.ts";

const policyOf = (text: string) => parse(defaultBackend, { "default-backend": text }, readyServices()).policy;
const path = { kind: "prefix", value: "/" } as const;
const hook = (policy: unknown): Route => {
  const out: Route = { route: { cluster: "c" } };
  defaultBackend.route?.(out, policy, { routeName: "r", policies: {}, path, https: false });
  return out;
};

test.each<[string, string, string]>([
  ["errors", "shop", "errors"],
  ["pages/errors", "pages", "errors"],
])("%s is the first port of a Service", (text, namespace, name) => {
  expect(policyOf(text)).toEqual({ target: { kind: "service", namespace, name, port: "first" } });
});

test.each(["a b", "a/b/c", "A", "/a", "a/", "a:80"])("%s is bad", (text) => {
  const { policy, found } = parse(defaultBackend, { "default-backend": text });
  expect(policy).toBeUndefined();
  expect(found).toEqual(["annotation-value default-backend"]);
});

test("a Service that does not exist is reported, and waited for", () => {
  const { policy, found } = parse(defaultBackend, { "default-backend": "errors" });
  expect(policy).toBeDefined();
  expect(found).toEqual(["service-missing default-backend"]);
});

describe("the rule's own Service", () => {
  const errors = plain({ kind: "service", namespace: "shop", name: "errors", port: "first" });

  test("answers as long as it is ready", () => {
    const references = readyServices("shop/web", "shop/errors");
    const { draft: result } = draft(defaultBackend, policyOf("errors"), { references });
    expect(result.backends).toEqual([{ backend: WEB, weight: 1 }]);
    expect(goesToDefaultBackend(result)).toBe(false);
    expect(hook(policyOf("errors"))).toEqual({ route: { cluster: "c" } });
  });

  test("counts as not ready when only a backend without weight is", () => {
    const other = plain({ kind: "service", namespace: "shop", name: "other", port: { number: 80 } });
    const start = {
      backends: [
        { backend: WEB, weight: 1 },
        { backend: other, weight: 0 },
      ],
    };
    const references = readyServices("shop/other", "shop/errors");
    const { draft: result } = draft(defaultBackend, policyOf("errors"), { references, start });
    expect(result.backends).toEqual([{ backend: errors, weight: 1 }]);
  });

  test("is left in place when the default backend is not ready either: 503 by itself", () => {
    const { draft: result } = draft(defaultBackend, policyOf("errors"), { references: readyServices() });
    expect(result.backends).toEqual([{ backend: WEB, weight: 1 }]);
    expect(goesToDefaultBackend(result)).toBe(false);
  });

  test("is replaced when it is not ready, and the default backend is told about it", () => {
    const references = readyServices("shop/errors");
    const { draft: result } = draft(defaultBackend, policyOf("errors"), { references });
    expect(result.backends).toEqual([{ backend: errors, weight: 1 }]);
    expect(goesToDefaultBackend(result)).toBe(true);
    const out = hook(result.extraPolicies?.["default-backend"]);
    expect(out.requestHeadersToRemove).toEqual(["X-Format"]);
    expect(out.requestHeadersToAdd?.map(({ header }) => [header?.key, header?.value])).toEqual([
      ["X-Code", "503"],
      ["X-Format", "%REQ(ACCEPT)%"],
      ["X-Original-URI", "%REQ(:PATH)%"],
      ["X-Namespace", "shop"],
      ["X-Ingress-Name", "web"],
      ["X-Service-Name", "web"],
      ["X-Service-Port", "80"],
    ]);
    expect(
      out.requestHeadersToAdd?.every(({ appendAction }) => appendAction === "OVERWRITE_IF_EXISTS_OR_ADD"),
    ).toBe(true);
  });
});
