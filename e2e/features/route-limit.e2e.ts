import { expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress, yamlOf } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

/** A limit by the minute refills too slowly to be seen here; what comes at once is limit times multiplier. */
const BURSTS: readonly [annotations: Readonly<Record<string, string>>, burst: number][] = [
  [{ "route-limit-rpm": "1" }, 5],
  [{ "route-limit-rpm": "1", "route-limit-burst-multiplier": "1" }, 1],
  [{ "route-limit-rpm": "2", "route-limit-burst-multiplier": "2" }, 4],
  [{ "route-limit-rpm": "1", "route-limit-burst-multiplier": "10" }, 10],
];

const BAD: readonly [key: string, value: string][] = [
  ["route-limit-rps", "0"],
  ["route-limit-rps", "10r/s"],
  ["route-limit-rpm", "-1"],
  ["route-limit-rpm", "1.5"],
  ["route-limit-burst-multiplier", "0"],
];

const paths = ["/one", "/two"].map((path) => ({ path, service: "echo" }));

const shared = useGateway({
  backends: ["echo"],
  objects: () => [
    ...BURSTS.map(([annotations], n) =>
      ingress({ name: `burst${n}`, host: `burst${n}.example.com`, annotations }),
    ),
    ...BAD.map(([key, value], n) =>
      ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
    ),
    ingress({ name: "shared", host: "shared.example.com", annotations: { "route-limit-rpm": "1" }, paths }),
    ingress({ name: "kept", host: "kept.example.com", annotations: { "route-limit-rpm": "1" } }),
    ingress({
      name: "both",
      host: "both.example.com",
      annotations: { "route-limit-rps": "1000", "route-limit-rpm": "1" },
    }),
    ingress({
      name: "much",
      host: "much.example.com",
      annotations: { "route-limit-rpm": "1", "route-limit-burst-multiplier": "11" },
    }),
    ingress({ name: "fast", host: "fast.example.com", annotations: { "route-limit-rps": "1000000" } }),
    ingress({
      name: "refilled",
      host: "refilled.example.com",
      annotations: { "route-limit-rps": "2", "route-limit-burst-multiplier": "1" },
    }),
    ingress({
      name: "moved",
      host: "moved.example.com",
      annotations: {
        "route-limit-rpm": "1",
        "route-limit-burst-multiplier": "1",
        "permanent-redirect": "https://example.com/",
      },
    }),
  ],
});

/** The statuses of so many requests, one after the other. */
async function statuses(host: string, count: number, pathOf = (_n: number) => "/"): Promise<number[]> {
  const found: number[] = [];
  for (let n = 0; n < count; n++) found.push((await shared.send({ host, path: pathOf(n) })).status);
  return found;
}

/** What passes, then what does not. */
function passing(passed: number, refused: number): number[] {
  return [...Array<number>(passed).fill(200), ...Array<number>(refused).fill(429)];
}

it.each(BURSTS.map(([annotations, burst], n) => ({ annotations, burst, n })))(
  "$annotations lets $burst pass at once",
  async ({ burst, n }) => {
    expect(await statuses(`burst${n}.example.com`, burst + 2)).toEqual(passing(burst, 2));
    expect(shared.diagnostics(`burst${n}`)).toEqual([]);
    const refused = await shared.send({ host: `burst${n}.example.com` });
    expect(refused.body).toBe("local_rate_limited");
    expect(refused.headers).not.toHaveProperty("x-envoy-ratelimited");
  },
);

it("the rules of an Ingress share one bucket, and others have theirs", async () => {
  expect(await statuses("shared.example.com", 7, (n) => (n % 2 === 0 ? "/one" : "/two"))).toEqual(
    passing(5, 2),
  );
  expect(await statuses("bad0.example.com", 3)).toEqual(passing(3, 0));
});

it("a bucket stays as empty as it is when Ingresses change, its own included", async () => {
  expect(await statuses("kept.example.com", 6)).toEqual(passing(5, 1));
  const other = ingress({ name: "other", host: "other.example.com" });
  await shared.gateway.apply("other.yaml", yamlOf(other));
  expect(await statuses("other.example.com", 1)).toEqual([200]);
  expect(await statuses("kept.example.com", 1)).toEqual([429]);
});

it("with both limits the one by the minute counts, which is reported", async () => {
  expect(await statuses("both.example.com", 6)).toEqual(passing(5, 1));
  expect(shared.diagnostics("both")).toMatchObject([
    { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/route-limit-rps" },
  ]);
});

it("a larger multiplier counts as 10, which is reported", async () => {
  expect(await statuses("much.example.com", 11)).toEqual(passing(10, 1));
  expect(shared.diagnostics("much")).toMatchObject([
    { code: "annotation-value", key: "mse.ingress.kubernetes.io/route-limit-burst-multiplier" },
  ]);
});

it("a high limit lets all pass", async () => {
  expect(await statuses("fast.example.com", 20)).toEqual(passing(20, 0));
});

it("a bucket is refilled", async () => {
  const refused = async (): Promise<boolean> =>
    (await shared.send({ host: "refilled.example.com" })).status === 429;
  // Requests by themselves pass time; each loop ends since the bucket empties faster than it fills, and fills.
  while (!(await refused())) {}
  while (await refused()) {}
});

it("redirects are not counted", async () => {
  expect(await statuses("moved.example.com", 3)).toEqual([301, 301, 301]);
});

it("https has a bucket of its own", async () => {
  const host = "burst1.example.com";
  expect((await shared.send({ host })).status).toBe(429);
  expect((await shared.send({ host, https: true })).status).toBe(200);
  expect((await shared.send({ host, https: true })).status).toBe(429);
});

it.each(BAD.map(([key, value], n) => ({ key, value, n })))(
  "$key: $value is ignored",
  async ({ key, value, n }) => {
    expect(await statuses(`bad${n}.example.com`, 8)).toEqual(passing(8, 0));
    expectIgnored(shared, `bad${n}`, key, value);
  },
);
