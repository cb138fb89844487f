import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const ME = "127.0.0.1";
const OTHER = "127.0.0.2";
const LISTED = "127.0.0.3";

const LIMITS: readonly [annotations: Readonly<Record<string, string>>, burst: number][] = [
  [{ "limit-rpm": "1" }, 5],
  [{ "limit-rpm": "1", "limit-burst-multiplier": "2" }, 2],
  [{ "limit-rpm": "1", "limit-burst-multiplier": "0" }, 5],
  [{ "limit-rpm": "1", "limit-rps": "1000" }, 5],
];

const BAD: readonly [key: string, value: string][] = [
  ["limit-rps", "x"],
  ["limit-rpm", "10r/m"],
  ["limit-burst-multiplier", "-1"],
  ["limit-allowlist", "localhost"],
  ["limit-connections", "many"],
];

const shared = useGateway({
  backends: ["echo"],
  objects: () => [
    ...LIMITS.map(([annotations], n) =>
      ingress({ name: `limit${n}`, host: `limit${n}.example.com`, annotations }),
    ),
    ...BAD.map(([key, value], n) =>
      ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
    ),
    ...["limit-allowlist", "limit-whitelist"].map((key) =>
      ingress({
        name: key,
        host: `${key}.example.com`,
        annotations: { "limit-rpm": "1", "limit-burst-multiplier": "1", [key]: `10.0.0.0/8, ${LISTED}` },
      }),
    ),
    ingress({
      name: "second",
      host: "second.example.com",
      annotations: { "limit-rps": "1", "limit-burst-multiplier": "1", "limit-rpm": "1000000" },
    }),
    ingress({ name: "off", host: "off.example.com", annotations: { "limit-rps": "0", "limit-rpm": "0" } }),
    ingress({
      name: "flight",
      host: "flight.example.com",
      annotations: { "limit-connections": "2", "limit-allowlist": LISTED },
    }),
    ingress({ name: "unlimited", host: "unlimited.example.com", annotations: { "limit-connections": "0" } }),
    ingress({
      name: "two",
      host: "two.example.com",
      annotations: {
        "limit-rpm": "1",
        "limit-burst-multiplier": "2",
        "route-limit-rpm": "3",
        "route-limit-burst-multiplier": "1",
      },
    }),
    ingress({
      name: "guarded",
      host: "guarded.example.com",
      annotations: {
        "limit-rpm": "1",
        "limit-burst-multiplier": "1",
        "whitelist-source-range": OTHER,
        "limit-allowlist": LISTED,
      },
    }),
  ],
});

async function statuses(host: string, localAddress: string, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let n = 0; n < count; n++) found.push((await shared.send({ host, localAddress })).status);
  return found;
}

function passing(passed: number, refused: number): number[] {
  return [...Array<number>(passed).fill(200), ...Array<number>(refused).fill(503)];
}

it.each(LIMITS.map(([annotations, burst], n) => ({ annotations, burst, n })))(
  "$annotations lets $burst of each client pass at once",
  async ({ burst, n }) => {
    for (const client of [ME, OTHER])
      expect(await statuses(`limit${n}.example.com`, client, burst + 2)).toEqual(passing(burst, 2));
    expect((await shared.send({ host: `limit${n}.example.com` })).body).toBe("local_rate_limited");
    expect(shared.diagnostics(`limit${n}`)).toEqual([]);
  },
);

it("with both limits both apply", async () => {
  // At most one a second may pass: of two at once, one does not.
  const all = await Promise.all(
    Array.from({ length: 20 }, () => shared.send({ host: "second.example.com" })),
  );
  expect(all.some(({ status }) => status === 503)).toBe(true);
  expect(all.some(({ status }) => status === 200)).toBe(true);
});

it("what a client says of itself does not help it", async () => {
  const headers = { "x-forwarded-for": "192.0.2.99" };
  expect((await shared.send({ host: "limit0.example.com", headers })).status).toBe(503);
});

it.each(["limit-allowlist", "limit-whitelist"])("%s: those on it are not limited", async (key) => {
  expect(await statuses(`${key}.example.com`, LISTED, 5)).toEqual(passing(5, 0));
  expect(await statuses(`${key}.example.com`, ME, 3)).toEqual(passing(1, 2));
});

it("0 is no limit", async () => {
  expect(await statuses("off.example.com", ME, 8)).toEqual(passing(8, 0));
  expect(shared.diagnostics("off")).toEqual([]);
});

/** Statuses of requests that are in flight together. */
async function atOnce(host: string, localAddress: string, count: number): Promise<number[]> {
  const headers = { "x-echo-delay-ms": "300", "x-request-id": "same" };
  const all = await Promise.all(
    Array.from({ length: count }, () => shared.send({ host, localAddress, headers })),
  );
  return all.map(({ status }) => status).sort();
}

it("limit-connections: so many requests of each client are in flight, but for those on the list", async () => {
  const host = "flight.example.com";
  const [mine, others, listed] = await Promise.all([
    atOnce(host, ME, 4),
    atOnce(host, OTHER, 4),
    atOnce(host, LISTED, 6),
  ]);
  expect(mine).toEqual(passing(2, 2));
  expect(others).toEqual(passing(2, 2));
  expect(listed).toEqual(passing(6, 0));
  await expect.poll(() => atOnce(host, ME, 2)).toEqual(passing(2, 0));
  expect(shared.diagnostics("flight")).toEqual([]);
});

it("limit-connections: what is over it gets 503", async () => {
  const headers = { "x-echo-delay-ms": "300" };
  const all = await Promise.all(
    Array.from({ length: 4 }, () => shared.send({ host: "flight.example.com", headers })),
  );
  const over = all.find(({ status }) => status === 503);
  expect(over).toMatchObject({ body: "local_rate_limited" });
  expect(over?.headers["content-type"]).toBe("text/plain");
});

it("limit-connections: 0 is no limit", async () => {
  expect(await atOnce("unlimited.example.com", ME, 8)).toEqual(passing(8, 0));
});

it("limits of clients and of rules go together", async () => {
  expect(await statuses("two.example.com", ME, 3)).toEqual([200, 200, 503]);
  expect(await statuses("two.example.com", OTHER, 2)).toEqual([200, 429]);
});

it("address lists hold beside an allowlist of limits", async () => {
  expect(await statuses("guarded.example.com", OTHER, 2)).toEqual([200, 503]);
  expect(await statuses("guarded.example.com", LISTED, 2)).toEqual([403, 403]);
});

it.each(BAD.map(([key, value], n) => ({ key, value, n })))(
  "$key: $value is ignored",
  async ({ key, value, n }) => {
    expect(await statuses(`bad${n}.example.com`, ME, 8)).toEqual(passing(8, 0));
    expectIgnored(shared, `bad${n}`, key, value);
  },
);

describe("with clientLimitStatus 429", () => {
  const other = useGateway({
    backends: ["echo"],
    settings: { clientLimitStatus: "429" },
    objects: () => [
      ingress({
        name: "rate",
        host: "rate.example.com",
        annotations: { "limit-rpm": "1", "limit-burst-multiplier": "1" },
      }),
      ingress({ name: "held", host: "held.example.com", annotations: { "limit-connections": "1" } }),
    ],
  });

  it.each(["rate", "held"])("what is over the limit of %s gets 429", async (name) => {
    const headers = { "x-echo-delay-ms": "300" };
    const all = await Promise.all(
      Array.from({ length: 3 }, () => other.send({ host: `${name}.example.com`, headers })),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([200, 429, 429]);
    expect(all.find(({ status }) => status === 429)?.body).toBe("local_rate_limited");
  });
});
