import { expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const BAD: readonly [key: string, value: string][] = [
  ["limit-rate", "10k"],
  ["limit-rate", "-1"],
  ["limit-rate-after", "x"],
];

const shared = useGateway({
  backends: ["echo"],
  objects: () => [
    ingress({ name: "slow", host: "slow.example.com", annotations: { "limit-rate": "64" } }),
    ingress({ name: "off", host: "off.example.com", annotations: { "limit-rate": "0" } }),
    ingress({
      name: "after",
      host: "after.example.com",
      annotations: { "limit-rate": "1000", "limit-rate-after": "10" },
    }),
    ...BAD.map(([key, value], n) =>
      ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
    ),
  ],
});

/** Size of the response's body, and how many responses Envoy has slowed down for it. */
async function slowed(host: string): Promise<{ bytes: number; slowed: number }> {
  const before = await count();
  const { body } = await shared.send({ host, headers: { "x-echo-body-bytes": "100000" } });
  return { bytes: body.length, slowed: (await count()) - before };
}

async function count(): Promise<number> {
  const { body } = await shared.gateway
    .envoy()
    .admin.get("/stats?filter=^http.http.fault.response_rl_injected$&format=json");
  // Envoy's own format.
  const { stats } = JSON.parse(body) as { stats: readonly { value?: number }[] };
  return stats[0]?.value ?? 0;
}

it("a response is slowed down, and whole", async () => {
  expect(await slowed("slow.example.com")).toEqual({ bytes: 100_000, slowed: 1 });
  expect(shared.diagnostics("slow")).toEqual([]);
});

it("0 is no limit", async () => {
  expect(await slowed("off.example.com")).toEqual({ bytes: 100_000, slowed: 0 });
  expect(shared.diagnostics("off")).toEqual([]);
});

it("limit-rate-after has no effect, which is reported", async () => {
  expect(await slowed("after.example.com")).toEqual({ bytes: 100_000, slowed: 1 });
  expect(shared.diagnostics("after")).toMatchObject([
    { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/limit-rate-after" },
  ]);
});

it.each(BAD.map(([key, value], n) => ({ key, value, n })))(
  "$key: $value is ignored",
  async ({ key, value, n }) => {
    expect(await slowed(`bad${n}.example.com`)).toEqual({ bytes: 100_000, slowed: 0 });
    expectIgnored(shared, `bad${n}`, key, value);
  },
);
