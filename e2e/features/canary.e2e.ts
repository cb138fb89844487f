import { describe, expect, it } from "vitest";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

type Annotations = Readonly<Record<string, string>>;
type Case = readonly [
  request: { readonly path?: string; readonly [header: string]: string | undefined },
  expected: "main" | "one" | "two" | number,
];

interface Scenario {
  readonly title: string;
  /** Canaries in order of age; the first goes to the Service `one`, the second to `two`. */
  readonly canaries: readonly Annotations[];
  readonly main?: Annotations;
  readonly cases: readonly Case[];
}

const WEIGHT_ALL = { "canary-weight": "100" };

const SCENARIOS: readonly Scenario[] = [
  {
    title: "a header decides by always",
    canaries: [{ "canary-by-header": "X-Canary" }],
    cases: [
      [{}, "main"],
      [{ "x-canary": "always" }, "one"],
      [{ "x-canary": "never" }, "main"],
      [{ "x-canary": "other" }, "main"],
      [{ "x-canary": "Always" }, "main"],
      [{ "x-canary": "always-not" }, "main"],
      [{ "x-canary": "" }, "main"],
    ],
  },
  {
    title: "never excludes from cookie and weight, another value leaves it to them",
    canaries: [{ "canary-by-header": "X-Canary", "canary-by-cookie": "can", ...WEIGHT_ALL }],
    cases: [
      [{}, "one"],
      [{ "x-canary": "never" }, "main"],
      [{ "x-canary": "never", cookie: "can=always" }, "main"],
      [{ "x-canary": "other" }, "one"],
      [{ "x-canary": "other", cookie: "can=never" }, "main"],
      [{ "x-canary": "always", cookie: "can=never" }, "one"],
      [{ cookie: "can=always" }, "one"],
      [{ cookie: "can=never" }, "main"],
      [{ cookie: "can=other" }, "one"],
    ],
  },
  {
    title: "a header's value is exact, and always and never then mean nothing",
    canaries: [{ "canary-by-header": "X-Canary", "canary-by-header-value": "beta" }],
    cases: [
      [{ "x-canary": "beta" }, "one"],
      [{ "x-canary": "beta2" }, "main"],
      [{ "x-canary": "BETA" }, "main"],
      [{ "x-canary": "always" }, "main"],
      [{}, "main"],
    ],
  },
  {
    title: "never means nothing beside a value",
    canaries: [{ "canary-by-header": "X-Canary", "canary-by-header-value": "beta", ...WEIGHT_ALL }],
    cases: [[{ "x-canary": "never" }, "one"]],
  },
  {
    title: "a header's pattern is found anywhere",
    canaries: [{ "canary-by-header": "X-Canary", "canary-by-header-pattern": "b[0-9]+|^start" }],
    cases: [
      [{ "x-canary": "b1" }, "one"],
      [{ "x-canary": "in the middle b12 of it" }, "one"],
      [{ "x-canary": "start of it" }, "one"],
      [{ "x-canary": "no start" }, "main"],
      [{ "x-canary": "b" }, "main"],
      [{ "x-canary": "always" }, "main"],
      [{}, "main"],
    ],
  },
  {
    title: "a pattern can be anchored",
    canaries: [{ "canary-by-header": "X-Canary", "canary-by-header-pattern": "^b[0-9]$" }],
    cases: [
      [{ "x-canary": "b1" }, "one"],
      [{ "x-canary": "b12" }, "main"],
    ],
  },
  {
    title: "a value beats a pattern",
    canaries: [
      { "canary-by-header": "X-Canary", "canary-by-header-value": "beta", "canary-by-header-pattern": ".*" },
    ],
    cases: [
      [{ "x-canary": "beta" }, "one"],
      [{ "x-canary": "alpha" }, "main"],
    ],
  },
  {
    title: "a query parameter decides by always and never",
    canaries: [{ "canary-by-query": "can", "canary-by-cookie": "can" }],
    cases: [
      [{ path: "/?can=always" }, "one"],
      [{ path: "/x?a=1&can=always&b=2" }, "one"],
      [{ path: "/?can=other" }, "main"],
      [{ path: "/?CAN=always" }, "main"],
      [{ path: "/?xcan=always" }, "main"],
      [{ path: "/?can=never", cookie: "can=always" }, "main"],
      [{ path: "/?can=other", cookie: "can=always" }, "one"],
      [{ path: "/can=always" }, "main"],
    ],
  },
  {
    title: "never in the query excludes from the weight",
    canaries: [{ "canary-by-query": "can", ...WEIGHT_ALL }],
    cases: [
      [{ path: "/?can=never" }, "main"],
      [{ path: "/?can=no" }, "one"],
    ],
  },
  {
    title: "a query parameter's value",
    canaries: [{ "canary-by-query": "can", "canary-by-query-value": "beta" }],
    cases: [
      [{ path: "/?can=beta" }, "one"],
      [{ path: "/?can=beta2" }, "main"],
      [{ path: "/?can=always" }, "main"],
    ],
  },
  {
    title: "a query parameter's pattern is found anywhere",
    canaries: [{ "canary-by-query": "can", "canary-by-query-pattern": "b[0-9]+" }],
    cases: [
      [{ path: "/?can=xb1y" }, "one"],
      [{ path: "/?can=b" }, "main"],
    ],
  },
  {
    title: "header and query of one canary must both hold",
    canaries: [{ "canary-by-header": "X-Canary", "canary-by-query": "can" }],
    cases: [
      [{ path: "/?can=always", "x-canary": "always" }, "one"],
      [{ path: "/?can=always" }, "main"],
      [{ "x-canary": "always" }, "main"],
      [{ path: "/?can=never", "x-canary": "always" }, "main"],
    ],
  },
  {
    title: "never in either of header and query excludes from the weight",
    canaries: [{ "canary-by-header": "X-Canary", "canary-by-query": "can", ...WEIGHT_ALL }],
    cases: [
      [{ path: "/?can=always" }, "one"],
      [{ path: "/?can=never" }, "main"],
      [{ "x-canary": "never" }, "main"],
      [{ path: "/?can=never", "x-canary": "always" }, "main"],
      [{ path: "/?can=always", "x-canary": "never" }, "main"],
    ],
  },
  {
    title: "a header's value with a query's pattern",
    canaries: [
      {
        "canary-by-header": "X-Canary",
        "canary-by-header-value": "beta",
        "canary-by-query": "can",
        "canary-by-query-pattern": "^b",
      },
    ],
    cases: [
      [{ path: "/?can=b2", "x-canary": "beta" }, "one"],
      [{ path: "/?can=ab", "x-canary": "beta" }, "main"],
      [{ path: "/?can=b2", "x-canary": "alpha" }, "main"],
    ],
  },
  {
    title: "a cookie decides by always and never",
    canaries: [{ "canary-by-cookie": "can" }],
    cases: [
      [{ cookie: "can=always" }, "one"],
      [{ cookie: "a=1; can=always; b=2" }, "one"],
      [{ cookie: "xcan=always" }, "main"],
      [{ cookie: "can=never" }, "main"],
      [{ cookie: "can=always2" }, "main"],
      [{ cookie: "a=can=always" }, "main"],
    ],
  },
  {
    title: "a cookie's value, beside which always and never mean nothing",
    canaries: [{ "canary-by-cookie": "can", "canary-by-cookie-value": "beta" }],
    cases: [
      [{ cookie: "can=beta" }, "one"],
      [{ cookie: "can=always" }, "main"],
      [{ cookie: "can=beta2" }, "main"],
    ],
  },
  {
    title: "weights: nothing by default",
    canaries: [{}],
    cases: [[{}, "main"]],
  },
  { title: "weights: 0 is none", canaries: [{ "canary-weight": "0" }], cases: [[{}, "main"]] },
  {
    title: "weights: the total is all",
    canaries: [{ "canary-weight": "7", "canary-weight-total": "7" }],
    cases: [[{}, "one"]],
  },
  {
    title: "weights: more than the total is all",
    canaries: [{ "canary-weight": "250" }],
    cases: [[{}, "one"]],
  },
  {
    title: "the oldest of two canaries that both claim a request takes it",
    canaries: [
      { "canary-by-header": "X-Canary" },
      { "canary-by-header": "X-Canary", "canary-by-query": "both" },
    ],
    cases: [
      [{ "x-canary": "always" }, "one"],
      [{ "x-canary": "always", path: "/?both=always" }, "one"],
    ],
  },
  {
    title: "header rules of all canaries come before cookie rules, and these before weights",
    canaries: [
      { "canary-by-cookie": "old", ...WEIGHT_ALL },
      { "canary-by-header": "X-Canary", "canary-by-cookie": "young" },
    ],
    cases: [
      [{ "x-canary": "always", cookie: "old=always" }, "two"],
      [{ cookie: "old=always; young=always" }, "one"],
      [{ cookie: "young=always" }, "two"],
      [{}, "one"],
      [{ "x-canary": "never", cookie: "young=always" }, "one"],
      [{ cookie: "old=never" }, "main"],
      [{ cookie: "old=never; young=always" }, "two"],
    ],
  },
  {
    title: "never of one canary does not exclude from another",
    canaries: [{ "canary-by-header": "X-One" }, { "canary-by-header": "X-Two", ...WEIGHT_ALL }],
    cases: [
      [{ "x-one": "never" }, "two"],
      [{ "x-two": "never" }, "main"],
      [{ "x-two": "never", "x-one": "always" }, "one"],
    ],
  },
  {
    title: "weights that add up to more than the total leave the main rule nothing",
    canaries: [{ "canary-weight": "0" }, { "canary-weight": "300" }],
    cases: [[{}, "two"]],
  },
  {
    title: "the conditions of the main rule hold for a canary that has the same",
    main: { "exact-match-header-x-env": "test" },
    canaries: [{ "exact-match-header-x-env": "test", "canary-by-header": "X-Canary" }],
    cases: [
      [{ "x-canary": "always", "x-env": "test" }, "one"],
      [{ "x-env": "test" }, "main"],
      [{ "x-canary": "always" }, 404],
    ],
  },
  {
    title: "a canary whose main rule has other conditions is not served",
    main: { "exact-match-header-x-env": "test" },
    canaries: [{ "canary-by-header": "X-Canary" }],
    cases: [
      [{ "x-canary": "always", "x-env": "test" }, "main"],
      [{ "x-canary": "always" }, 404],
    ],
  },
  {
    title: "a canary of a regex rule",
    main: { "use-regex": "true" },
    canaries: [{ "use-regex": "true", "canary-by-header": "X-Canary" }],
    cases: [
      [{ path: "/anything", "x-canary": "always" }, "one"],
      [{ path: "/anything" }, "main"],
    ],
  },
];

function scenarioObjects({ canaries, main = {} }: Scenario, index: number): object[] {
  const host = `s${index}.example.com`;
  const paths = (service: string) => [{ path: "/", service }];
  return [
    // Younger than its canaries: age decides among canaries only.
    ingress({ name: `s${index}`, host, paths: paths("main"), annotations: main, createdAt: at(9) }),
    ...canaries.map((annotations, n) =>
      ingress({
        // By name the order would be the other way round.
        name: `s${index}-canary-${9 - n}`,
        host,
        paths: paths(n === 0 ? "one" : "two"),
        annotations: { canary: "true", ...annotations },
        createdAt: at(n),
      }),
    ),
  ];
}

function at(minute: number): string {
  return `2026-01-01T00:0${minute}:00Z`;
}

describe.each([{ stateOfTheWorld: false }, { stateOfTheWorld: true }])(
  "state of the world: $stateOfTheWorld",
  ({ stateOfTheWorld }) => {
    const shared = useGateway({
      backends: ["main", "one", "two"],
      objects: () => SCENARIOS.flatMap(scenarioObjects),
      stateOfTheWorld,
    });

    describe.each(SCENARIOS.map((scenario, index) => ({ ...scenario, index })))(
      "$title",
      ({ cases, index }) => {
        it.each(cases)("%j → %s", async ({ path = "/", ...headers }, expected) => {
          const host = `s${index}.example.com`;
          // Undefined headers do not occur; the index signature of a case allows them for `path`.
          const sent = headers as Record<string, string>;
          expect(await shared.who({ host, path, headers: sent })).toBe(expected);
        });
      },
    );
  },
);
