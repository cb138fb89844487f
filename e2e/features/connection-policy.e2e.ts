import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress, service } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const TOTAL = "connection-policy-tcp-max-connection";
const EACH = "connection-policy-tcp-max-connection-per-endpoint";
const REQUESTS = "connection-policy-http-max-request-per-connection";

const BAD = [TOTAL, EACH, REQUESTS].flatMap((key) =>
  ["0", "-1", "1k", "4294967296"].map((value) => [key, value] as const),
);

const host = (name: string, annotations: Readonly<Record<string, string>>, backend: string = name) =>
  ingress({ name, host: `${name}.example.com`, annotations, paths: [{ path: "/", service: backend }] });

const shared = useGateway({
  backends: ["free", "total", "each-a", "each-b", "requests", "single"],
  // Each worker has connections of its own.
  concurrency: 1,
  objects: ({ get }) => [
    host("free", {}),
    host("total", { [TOTAL]: "3" }),
    ...service("each", [{ port: get("each-a").port }, { port: get("each-b").port }]),
    host("each", { [EACH]: "2" }),
    host("requests", { [REQUESTS]: "2" }),
    host("single", { [REQUESTS]: "1" }),
    ...BAD.flatMap(([key, value], n) => [
      ...service(`bad${n}`, [{ port: get("free").port }]),
      host(`bad${n}`, { [key]: value }),
    ]),
  ],
});

/** Many requests at once, each of which takes a while; how many were answered. */
async function burst(name: string, count = 12): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: count }, () =>
      shared.send({ host: `${name}.example.com`, headers: { "x-echo-delay-ms": "100" } }),
    ),
  );
  return answers.filter(({ status }) => status === 200).length;
}

describe("connection-policy", () => {
  it("no limit: a connection for each request at a time", async () => {
    expect(await burst("free")).toBe(12);
    expect(shared.get("free").counts().connections).toBe(12);
  });

  it("connections to the Service: the others wait", async () => {
    expect(await burst("total")).toBe(12);
    expect(shared.get("total").counts().connections).toBe(3);
  });

  it("connections to each endpoint", async () => {
    expect(await burst("each", 16)).toBe(16);
    expect(shared.get("each-a").counts().connections).toBe(2);
    expect(shared.get("each-b").counts().connections).toBe(2);
  });

  it("requests on one connection", async () => {
    const places: number[] = [];
    for (let n = 0; n < 6; n++)
      places.push((await shared.send({ host: "requests.example.com" })).seen().requestsOnConnection);
    expect(places).toEqual([1, 2, 1, 2, 1, 2]);
    for (let n = 0; n < 3; n++)
      expect((await shared.send({ host: "single.example.com" })).seen().requestsOnConnection).toBe(1);
  });

  it("says nothing of good values", () => {
    for (const name of ["total", "each", "requests", "single"]) expect(shared.diagnostics(name)).toEqual([]);
  });

  it.each(BAD.map(([key, value], n) => [key, value, n] as const))(
    "%s: %s is ignored and reported",
    async (key, value, n) => {
      expectIgnored(shared, `bad${n}`, key, value);
      expect((await shared.send({ host: `bad${n}.example.com` })).status).toBe(200);
    },
  );
});
