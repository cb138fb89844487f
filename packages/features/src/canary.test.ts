import { describe, expect, test } from "vitest";
import { canary } from "./canary.ts";
import { parse, parseAs } from "./testing/feature-bench.ts";

const header = (value: string) => ({
  on: "header",
  name: "x-canary",
  match: { kind: "exact", value },
});
const query = (value: string) => ({ on: "query", name: "Canary", match: { kind: "exact", value } });
const cookie = (value: string) => ({ on: "cookie", name: "c", match: { kind: "exact", value } });
const nobody = { claim: [], refuse: [], cookieClaim: [], cookieRefuse: [], weight: 0 };

const on = (annotations: Record<string, string>) => parse(canary, { canary: "true", ...annotations });

describe("who goes to the canary", () => {
  test.each<[string, Record<string, string>, object]>([
    ["nobody, with canary alone", {}, {}],
    [
      "by header: always, and never refuses",
      { "canary-by-header": "X-Canary" },
      { claim: [header("always")], refuse: [header("never")] },
    ],
    [
      "by header and value: nothing refuses",
      { "canary-by-header": "X-Canary", "canary-by-header-value": "Beta" },
      { claim: [header("Beta")] },
    ],
    [
      "by header and pattern, anywhere in the value",
      { "canary-by-header": "X-Canary", "canary-by-header-pattern": "^be|ta$" },
      { claim: [{ ...header(""), match: { kind: "regex", value: "^be|ta$", anywhere: true } }] },
    ],
    [
      "by query: always, and never refuses",
      { "canary-by-query": "Canary" },
      { claim: [query("always")], refuse: [query("never")] },
    ],
    [
      "by query and value",
      { "canary-by-query": "Canary", "canary-by-query-value": "1" },
      { claim: [query("1")] },
    ],
    [
      "by query and pattern",
      { "canary-by-query": "Canary", "canary-by-query-pattern": "1" },
      { claim: [{ ...query(""), match: { kind: "regex", value: "1", anywhere: true } }] },
    ],
    [
      "by header and query: both",
      { "canary-by-header": "X-Canary", "canary-by-query": "Canary", "canary-by-query-value": "1" },
      { claim: [header("always"), query("1")], refuse: [header("never")] },
    ],
    [
      "by cookie: always, and never refuses",
      { "canary-by-cookie": "c" },
      { cookieClaim: [cookie("always")], cookieRefuse: [cookie("never")] },
    ],
    [
      "by cookie and value",
      { "canary-by-cookie": "c", "canary-by-cookie-value": "me" },
      { cookieClaim: [cookie("me")] },
    ],
    ["by weight", { "canary-weight": "20" }, { weight: 20 }],
    [
      "by weight out of a total",
      { "canary-weight": "20", "canary-weight-total": "1000" },
      { weight: 20, total: 1000 },
    ],
    ["by more than the total, which translation judges", { "canary-weight": "120" }, { weight: 120 }],
    [
      "by a header named Host",
      { "canary-by-header": "Host", "canary-by-header-value": "a.example" },
      { claim: [{ on: "header", name: ":authority", match: { kind: "exact", value: "a.example" } }] },
    ],
  ])("%s", (_, annotations, variant) => {
    const { policy, found } = on(annotations);
    expect(policy).toEqual({ ...nobody, ...variant });
    expect(canary.variant?.(policy)).toBe(policy);
    expect(found).toEqual([]);
  });
});

describe("bad values are reported and count as absent", () => {
  test.each<[string, string]>([
    ["canary-weight", "-1"],
    ["canary-weight", "20%"],
    ["canary-weight", "1.5"],
    ["canary-weight-total", "0"],
    ["canary-weight-total", "-5"],
    ["canary-by-header", "a b"],
    ["canary-by-header", ":path"],
    ["canary-by-query", "a=b"],
    ["canary-by-query", "a&b"],
    ["canary-by-cookie", "a;b"],
    ["affinity-canary-behavior", "sometimes"],
  ])("%s: %s", (name, value) => {
    const { policy, found } = on({ [name]: value });
    expect(policy).toEqual(nobody);
    expect(found).toEqual([`annotation-value ${name}`]);
  });

  test("canary itself", () => {
    expect(parse(canary, { canary: "yes", "canary-weight": "5" })).toMatchObject({
      policy: undefined,
      found: ["annotation-value canary", "canary-keys-unused canary-weight"],
    });
  });

  test.each(["header", "query"])("a value or a pattern of a %s leaves always and never", (part) => {
    const rule = { [`canary-by-${part}`]: "x" };
    for (const [ending, value] of [
      ["value", "a\u0007"],
      ["pattern", "(?=a)"],
    ]) {
      const { policy, found } = on({ ...rule, [`canary-by-${part}-${ending}`]: value ?? "" });
      expect(found).toEqual([`annotation-value canary-by-${part}-${ending}`]);
      expect(policy).toEqual(on(rule).policy);
    }
  });

  test("a value of a cookie leaves always and never", () => {
    const { policy, found } = on({ "canary-by-cookie": "c", "canary-by-cookie-value": "a\u0007" });
    expect(found).toEqual(["annotation-value canary-by-cookie-value"]);
    expect(policy).toEqual(on({ "canary-by-cookie": "c" }).policy);
  });

  test("a pattern that is not RE2 leaves always and never", () => {
    const { policy, found } = on({ "canary-by-header": "X-Canary", "canary-by-header-pattern": "(?=a)" });
    expect(policy).toEqual({ ...nobody, claim: [header("always")], refuse: [header("never")] });
    expect(found).toEqual(["annotation-value canary-by-header-pattern"]);
  });
});

describe("keys that have no effect are reported", () => {
  test.each<[string, Record<string, string>, readonly string[]]>([
    [
      "a value without a header",
      { "canary-by-header-value": "x" },
      ["annotation-no-effect canary-by-header-value"],
    ],
    [
      "a pattern without a query",
      { "canary-by-query-pattern": "x" },
      ["annotation-no-effect canary-by-query-pattern"],
    ],
    [
      "a value without a cookie",
      { "canary-by-cookie-value": "x" },
      ["annotation-no-effect canary-by-cookie-value"],
    ],
    [
      "a pattern beside a value",
      { "canary-by-header": "a", "canary-by-header-value": "x", "canary-by-header-pattern": "y" },
      ["annotation-no-effect canary-by-header-pattern"],
    ],
    [
      "sticky affinity",
      { "affinity-canary-behavior": "sticky" },
      ["annotation-no-effect affinity-canary-behavior"],
    ],
    ["legacy affinity has one", { "affinity-canary-behavior": "legacy" }, []],
  ])("%s", (_, annotations, expected) => {
    expect(on(annotations).found).toEqual(expected);
  });

  test("all rule keys without canary, each by name", () => {
    const { policy, found } = parse(canary, {
      "canary-by-header": "a",
      "canary-weight": "bad",
      "affinity-canary-behavior": "legacy",
    });
    expect(policy).toBeUndefined();
    expect(found).toEqual([
      "annotation-value canary-weight",
      "canary-keys-unused canary-by-header",
      "canary-keys-unused canary-weight",
    ]);
  });

  test("for information only, if canary is off on purpose", () => {
    const { policy, diagnostics } = parse(canary, { canary: "false", "canary-weight": "10" });
    expect(policy).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: "canary-keys-unused", severity: "info", value: "10" }]);
  });
});

describe("query keys that Kruise Rollouts leaves behind", () => {
  const QUERY = { "nginx.ingress.kubernetes.io/canary-by-query": "canary" };
  const found = (annotations: Record<string, string>) =>
    parseAs(canary, { "mse.ingress.kubernetes.io/canary": "true", ...annotations }).found;

  test.each<[string, Record<string, string>]>([
    ["beside a share", { "mse.ingress.kubernetes.io/canary-weight": "20" }],
    ["beside a header", { "nginx.ingress.kubernetes.io/canary-by-header": "x-canary" }],
    ["beside a cookie", { "nginx.ingress.kubernetes.io/canary-by-cookie": "c" }],
  ])("%s are reported", (_, annotations) => {
    expect(found({ ...QUERY, ...annotations })).toEqual(["canary-left-over canary-by-query"]);
  });

  test.each<[string, Record<string, string>]>([
    ["alone", QUERY],
    ["beside a weight of 0", { ...QUERY, "nginx.ingress.kubernetes.io/canary-weight": "0" }],
    ["beside the whole weight", { ...QUERY, "nginx.ingress.kubernetes.io/canary-weight": "100" }],
    [
      "under another prefix, where somebody meant them",
      {
        "mse.ingress.kubernetes.io/canary-by-query": "canary",
        "mse.ingress.kubernetes.io/canary-weight": "20",
      },
    ],
  ])("%s are not", (_, annotations) => {
    expect(found(annotations)).toEqual([]);
  });
});
