import { parseFeature, type References, resolveAnnotations, type Variant } from "@sluice/feature-api";
import { features } from "@sluice/features";
import type { Condition } from "@sluice/model";
import { describe, expect, it } from "vitest";
import { type RuleVariant, variantRoutes } from "./variants.ts";

/** The keys of one canary that decide who goes there, by their names without `canary-`. */
interface Keys {
  readonly header?: "plain" | "value" | undefined;
  readonly query?: "plain" | "value" | undefined;
  readonly cookie?: "plain" | "value" | undefined;
  readonly weight: number;
  readonly total?: number | undefined;
}

/** Values of header, query parameter and cookie `canary`; undefined: the request has none. */
interface Request {
  readonly header: string | undefined;
  readonly query: string | undefined;
  readonly cookie: string | undefined;
  /** Of a million. */
  readonly random: number;
}

const MILLION = 1_000_000;
const VALUES = [undefined, "always", "never", "beta", "other"] as const;
const REFERENCES: References = {
  configMap: () => ({}),
  secret: () => ({}),
  certificate: () => ({}),
  authority: () => ({}),
  service: () => undefined,
  instances: () => 1,
  hasReadyEndpoint: () => false,
};

/** The variant by the product's own path from annotations. */
function variantOf(keys: Keys): Variant {
  const feature = features.find(({ id }) => id === "canary") ?? expect.unreachable("no canary");
  const annotations: Record<string, string> = { canary: "true", "canary-weight": `${keys.weight}` };
  for (const by of ["header", "query", "cookie"] as const) {
    if (keys[by] !== undefined) annotations[`canary-by-${by}`] = "canary";
    if (keys[by] === "value") annotations[`canary-by-${by}-value`] = "beta";
  }
  if (keys.total !== undefined) annotations["canary-weight-total"] = `${keys.total}`;
  const object = { kind: "Ingress", namespace: "default", name: "canary" } as const;
  const prefixed = Object.entries(annotations).map(([key, value]) => [
    `mse.ingress.kubernetes.io/${key}`,
    value,
  ]);
  const { set } = resolveAnnotations(object, Object.fromEntries(prefixed));
  const { policy } = parseFeature(feature, set, object, REFERENCES);
  return feature.variant?.(policy) ?? expect.unreachable("no variant");
}

/** Who takes the request by the routes: the first that matches. */
function byRoutes(routes: ReturnType<typeof variantRoutes<unknown>>["routes"], request: Request): string {
  const taken = routes.find(
    ({ conditions, below }) =>
      conditions.every((condition) => holds(condition, request)) &&
      (below === undefined || request.random < below),
  );
  return taken === undefined ? "nobody" : (taken.takes?.name ?? "main");
}

function holds({ on, match, negate = false }: Condition, request: Request): boolean {
  const value = request[on];
  const found = value !== undefined && match.kind === "exact" && match.value === value;
  return found !== negate;
}

/** Who takes the request by the words of the annotation reference, without looking at how routes are made. */
function byReference(canaries: readonly Keys[], request: Request): string {
  const says = (by: "header" | "query" | "cookie", keys: Keys) => {
    const value = request[by];
    if (keys[by] === "value") return value === "beta" ? "yes" : "next";
    if (keys[by] === undefined) return "unset";
    return value === "always" ? "yes" : value === "never" ? "no" : "next";
  };
  const refuses = (keys: Keys) => says("header", keys) === "no" || says("query", keys) === "no";
  // Header and query rules of all canaries, the oldest first; both must hold.
  for (const [index, keys] of canaries.entries()) {
    const set = [says("header", keys), says("query", keys)].filter((said) => said !== "unset");
    if (set.length > 0 && set.every((said) => said === "yes")) return `c${index}`;
  }
  for (const [index, keys] of canaries.entries())
    if (says("cookie", keys) === "yes" && !refuses(keys)) return `c${index}`;
  // Weights add up; the oldest canary that has a share or a total says of what.
  const declared = canaries.find(({ weight, total }) => weight > 0 || total !== undefined)?.total ?? 100;
  const sum = canaries.reduce((all, { weight }) => all + weight, 0);
  const point = (request.random / MILLION) * Math.max(declared, sum);
  let reached = 0;
  for (const [index, keys] of canaries.entries()) {
    reached += keys.weight;
    if (point >= reached) continue;
    return refuses(keys) || says("cookie", keys) === "no" ? "main" : `c${index}`;
  }
  return "main";
}

const named = (variants: readonly Variant[]): RuleVariant<null>[] =>
  variants.map((variant, index) => ({ name: `c${index}`, variant, payload: null }));

const RULES = [undefined, "plain", "value"] as const;
const ALL_KEYS: readonly Keys[] = RULES.flatMap((header) =>
  RULES.flatMap((query) =>
    RULES.flatMap((cookie) => [0, 30, 100].map((weight) => ({ header, query, cookie, weight }))),
  ),
);
const REQUESTS: readonly Request[] = VALUES.flatMap((header) =>
  VALUES.flatMap((query) =>
    VALUES.flatMap((cookie) =>
      [0, 299_999, 300_000, 600_000, 999_999].map((random) => ({ header, query, cookie, random })),
    ),
  ),
);

describe("canaries of one rule take what the reference gives them", () => {
  const variants = new Map(ALL_KEYS.map((keys) => [keys, variantOf(keys)]));
  const check = (canaries: readonly Keys[], requests: readonly Request[]): void => {
    const { routes } = variantRoutes(named(canaries.map((keys) => variants.get(keys) ?? variantOf(keys))));
    for (const request of requests) {
      const taken = byRoutes(routes, request);
      // `expect` for each of a million would take the time.
      if (taken !== byReference(canaries, request))
        expect({ canaries, request, taken }).toEqual({
          canaries,
          request,
          taken: byReference(canaries, request),
        });
    }
  };

  it("one canary, any keys, any request", () => {
    for (const keys of ALL_KEYS) check([keys], REQUESTS);
  });

  it("two canaries of any keys", () => {
    // A tenth of the requests for each pair, another tenth for the next.
    let pair = 0;
    for (const first of ALL_KEYS)
      for (const second of ALL_KEYS) {
        pair++;
        check(
          [first, second],
          REQUESTS.filter((_, index) => index % 11 === pair % 11),
        );
      }
  });

  it.each<[title: string, canaries: readonly Keys[]]>([
    ["none", []],
    ["three by weight", [{ weight: 10 }, { weight: 0 }, { weight: 20 }]],
    [
      "a total of the oldest",
      [
        { weight: 1, total: 1000 },
        { weight: 2, total: 10 },
      ],
    ],
    ["a total below 100", [{ weight: 1, total: 4 }]],
    ["a total without a weight", [{ weight: 0, total: 1000 }, { weight: 5 }]],
    [
      "a total of one without a share in weights",
      [
        { weight: 0, header: "plain" },
        { weight: 5, total: 1000 },
      ],
    ],
    ["more than the total", [{ weight: 80 }, { weight: 80 }]],
    ["one of more than the total", [{ weight: 300 }]],
    ["a share of one in three", [{ weight: 1, total: 3 }]],
    ["one that refuses in its own share only", [{ weight: 30, header: "plain" }, { weight: 30 }]],
  ])("%s", (_title, canaries) => {
    const requests = VALUES.flatMap((header) =>
      Array.from({ length: 1000 }, (_, step) => ({
        header,
        query: undefined,
        cookie: undefined,
        random: step * 1000,
      })),
    );
    check(canaries, requests);
  });
});

describe("shares", () => {
  const share = (canaries: readonly Keys[], name: string): number => {
    const { routes } = variantRoutes(named(canaries.map(variantOf)));
    let from = 0;
    for (const { takes, below = MILLION } of routes) {
      if (takes?.name === name) return (below - from) / MILLION;
      from = below;
    }
    return 0;
  };

  it.each([
    [[{ weight: 1, total: 3 }], "c0", 0.333333],
    [[{ weight: 1, total: 1_000_000 }], "c0", 0.000001],
    [[{ weight: 20 }, { weight: 30 }], "c1", 0.3],
    [[{ weight: 80 }, { weight: 80 }], "c0", 0.5],
    [[{ weight: 80 }, { weight: 80 }], "c1", 0.5],
    [[{ weight: 100 }], "c0", 1],
  ])("of %j: %s has %d", (canaries, name, expected) =>
    expect(share(canaries, name)).toBeCloseTo(expected, 9),
  );

  it("that add up to more than the total are told, if there are several", () => {
    const overweight = (canaries: readonly Keys[]) =>
      variantRoutes(named(canaries.map(variantOf))).overweight;
    expect(overweight([{ weight: 80 }, { weight: 80 }])).toEqual({ sum: 160, total: 100 });
    expect(overweight([{ weight: 80 }, { weight: 20 }])).toBeUndefined();
    expect(overweight([{ weight: 300 }])).toBeUndefined();
  });
});

it("routes that cannot take anything are not made", () => {
  expect(variantRoutes(named([variantOf({ weight: 0 })])).routes).toEqual([
    { takes: undefined, suffix: "", conditions: [] },
  ]);
});
