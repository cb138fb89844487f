import { describe, expect, it } from "vitest";
import { ingress } from "../support/manifests.ts";
import { countAnswers, expectShare } from "../support/shares.ts";
import { useGateway } from "../support/use-gateway.ts";

/** Weights of canaries of one rule, in order of age, and their total. */
const RULES: Readonly<Record<string, { readonly weights: readonly number[]; readonly total?: number }>> = {
  "tenth.example.com": { weights: [10] },
  "three.example.com": { weights: [1, 5, 30], total: 1000 },
  "fine.example.com": { weights: [5], total: 1000 },
  "over.example.com": { weights: [60, 90], total: 100 },
  "small.example.com": { weights: [1, 2], total: 4 },
};
const SERVICES = ["one", "two", "three"];

function objects(): object[] {
  return Object.entries(RULES).flatMap(([host, { weights, total }]) => {
    const name = host.replace(".example.com", "");
    return [
      ingress({ name, host, paths: [{ path: "/", service: "main" }] }),
      ...weights.map((weight, n) =>
        ingress({
          name: `${name}-${n}`,
          host,
          paths: [{ path: "/", service: SERVICES[n] ?? "" }],
          createdAt: `2026-01-01T00:00:0${n}Z`,
          annotations: {
            canary: "true",
            "canary-by-header": `X-${SERVICES[n]}`,
            "canary-by-cookie": `c-${SERVICES[n]}`,
            "canary-weight": `${weight}`,
            ...(total !== undefined && n === 0 ? { "canary-weight-total": `${total}` } : {}),
          },
        }),
      ),
    ];
  });
}

const COUNT = 20_000;
/** For what needs no small shares told apart. */
const FEW = 2_000;

describe.each([{ stateOfTheWorld: false }, { stateOfTheWorld: true }])(
  "shares by weight, state of the world: $stateOfTheWorld",
  ({ stateOfTheWorld }) => {
    const shared = useGateway({ backends: ["main", ...SERVICES], objects, stateOfTheWorld });
    const send = (host: string, count: number) =>
      countAnswers({ port: shared.gateway.httpPort, host, count });

    it.each([
      ["tenth.example.com", COUNT, { one: 0.1 }],
      ["three.example.com", COUNT, { one: 0.001, two: 0.005, three: 0.03 }],
      ["fine.example.com", 2 * FEW, { one: 0.005 }],
      ["small.example.com", FEW, { one: 0.25, two: 0.5 }],
    ])("%s", async (host, requests, shares: Readonly<Record<string, number>>) => {
      const count = stateOfTheWorld ? FEW : requests;
      const counts = await send(host, count);
      for (const [name, share] of Object.entries(shares)) expectShare(counts.get(name), count, share);
      const rest = 1 - Object.values(shares).reduce((sum, share) => sum + share, 0);
      expectShare(counts.get("main"), count, rest);
      expect([...counts.values()].reduce((sum, each) => sum + each)).toBe(count);
    });

    it("a sum above the total becomes the total, and is reported", async () => {
      const counts = await send("over.example.com", FEW);
      expect(counts.get("main")).toBeUndefined();
      expectShare(counts.get("one"), FEW, 60 / 150);
      expectShare(counts.get("two"), FEW, 90 / 150);
      expect(shared.diagnostics("over-0")).toMatchObject([
        {
          code: "canary-weight",
          severity: "warning",
          value: "150",
          expected: expect.stringContaining("100"),
        },
      ]);
    });
  },
);

describe("requests that say never", () => {
  const shared = useGateway({ backends: ["main", ...SERVICES], objects });
  const send = (host: string, headers: Readonly<Record<string, string>>) =>
    countAnswers({ port: shared.gateway.httpPort, host, headers, count: FEW });

  it.each([
    ["a header", { "x-one": "never" }],
    ["a cookie", { cookie: "c-one=never" }],
  ])("by %s are not in the canary's share, which goes to the main rule", async (_, headers) => {
    const counts = await send("small.example.com", headers);
    expect(counts.get("one")).toBeUndefined();
    expectShare(counts.get("two"), FEW, 0.5);
    expectShare(counts.get("main"), FEW, 0.5);
  });

  it("for each canary all go to the main rule", async () => {
    const headers = { "x-one": "never", cookie: "c-two=never" };
    expect([...(await send("small.example.com", headers)).keys()]).toEqual(["main"]);
  });
});
