import { features } from "@sluice/features";
import type { KubeObject } from "@sluice/model";
import { describe, expect, it } from "vitest";
import { ingress, service, translate } from "./testing/index.ts";

const rules = (name: string) => [["a.test", [{ path: "/", service: name }]]] as const;

/** What is found with these selectors of the main rule's Service and of the canary's. */
function found(
  stays: Readonly<Record<string, string>>,
  goes: Readonly<Record<string, string>>,
  options: { readonly canaryService?: string; readonly annotations?: Record<string, string> } = {},
) {
  const { canaryService = "web-canary", annotations = {} } = options;
  const canary = { canary: "true", "canary-weight": "20" };
  return translate(
    [
      service("web", { selector: stays }),
      service("web-canary", { selector: goes }),
      ingress("main", { age: 1, rules: rules("web"), annotations }),
      ingress("canary", { age: 2, rules: rules(canaryService), annotations: canary }),
    ],
    { features },
  );
}

const SHARED = "canary-pods-shared canary";
const codes = (translated: { found(): readonly string[] }) =>
  translated.found().filter((each) => each.startsWith("canary-pods-shared"));

describe("the Service of a main rule that selects the canary's pods too", () => {
  it.each([
    [{ app: "web" }, { app: "web", hash: "2" }],
    [{ app: "web" }, { app: "web" }],
  ])("is reported: %j and %j", (stays, goes) => {
    expect(codes(found(stays, goes))).toEqual([SHARED]);
  });

  it.each([
    [
      { app: "web", hash: "1" },
      { app: "web", hash: "2" },
    ],
    [{ app: "web", hash: "1" }, { app: "web" }],
    [{}, { app: "web" }],
    [{ app: "web" }, {}],
  ])("is not, where it does not: %j and %j", (stays, goes) => {
    expect(codes(found(stays, goes))).toEqual([]);
  });

  it("is not, where both have one Service", () => {
    expect(codes(found({ app: "web" }, {}, { canaryService: "web" }))).toEqual([]);
  });

  it("is not, where an annotation narrows its pods", () => {
    const annotations = { "service-subset": "base" };
    expect(codes(found({ app: "web" }, { app: "web", v: "2" }, { annotations }))).toEqual([]);
  });

  it("comes and goes with the selector", () => {
    const translated = found({ app: "web", hash: "1" }, { app: "web", hash: "2" });
    const select = (selector: Readonly<Record<string, string>>): KubeObject => service("web", { selector });
    translated.set(select({ app: "web" }));
    expect(codes(translated)).toEqual([SHARED]);
    translated.set(select({ app: "web", hash: "1" }));
    expect(codes(translated)).toEqual([]);
  });
});
