import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const NAMES = ["a", "b", "c", "d"];
const KEY = "mse.ingress.kubernetes.io/";

/** Values of one key, of Ingresses that share what it acts on, the oldest first; and the one that decides. */
const HASHES: Readonly<Record<string, readonly [values: readonly (string | undefined)[], decides: string]>> =
  {
    oldest: [["$arg_one", "$arg_two", "$arg_three"], "one"],
    "the oldest that has it": [[undefined, "$arg_two", "$arg_three"], "two"],
    "blank is none": [["", "$arg_two"], "two"],
    "a bad value decides nothing": [["text", "$arg_two"], "two"],
  };
const ROOTS: typeof HASHES = {
  oldest: [["/one", "/two"], "/one"],
  "blank is none": [[" ", "/two"], "/two"],
  "a bad value decides nothing": [["one", "/two"], "/two"],
};

/** Ingresses that use the Service b beside their own: name → own Service, annotations. Their own is over TLS. */
const LENT: Readonly<
  Record<string, readonly [service: string, annotations: Readonly<Record<string, string>>]>
> = {
  "stands-in": ["idle", { "default-backend": "b" }],
  copies: ["closed", { "mirror-target-service": "b", "proxy-ssl-verify": "on" }],
};

const at = (n: number): string => `2026-01-0${n + 1}T00:00:00Z`;

const shared = useGateway({
  backends: NAMES,
  objects: ({ get }) => [
    ...Object.values(HASHES).flatMap(([values], n) => [
      ...service(
        `hash${n}`,
        NAMES.map((name) => ({ port: get(name).port })),
      ),
      ...values.map((value, age) =>
        ingress({
          name: `hash${n}-${age}`,
          host: `hash${n}-${age}.example.com`,
          annotations: value === undefined ? {} : { "upstream-hash-by": value },
          createdAt: at(age),
          paths: [{ path: "/", service: `hash${n}` }],
        }),
      ),
    ]),
    ...Object.values(ROOTS).flatMap(([values], n) =>
      values.map((value, age) =>
        ingress({
          name: `root${n}-${age}`,
          host: `root${n}.example.com`,
          annotations: value === undefined ? {} : { "app-root": value },
          createdAt: at(age),
          paths: [{ path: `/path${age}`, service: "a" }],
        }),
      ),
    ),
    ingress({ name: "lender", host: "lender.example.com", paths: [{ path: "/", service: "b" }] }),
    ...Object.entries(LENT).map(([name, [service, annotations]]) =>
      ingress({
        name,
        host: `${name}.example.com`,
        annotations: { "backend-protocol": "HTTPS", ...annotations },
        createdAt: at(0),
        paths: [{ path: "/", service }],
      }),
    ),
    ...service("idle", []),
    ...service("closed", []),
  ],
});

/** Which of the query parameters decides about the endpoint: others may have any value. */
async function hashedBy(host: string, names: readonly string[]): Promise<string[]> {
  const deciding: string[] = [];
  for (const name of names) {
    const seen = new Set<string | number>();
    for (let n = 0; n < 16; n++) {
      const query = names.map((each) => `${each}=${each === name ? "same" : n}`).join("&");
      seen.add(await shared.who({ host, path: `/?${query}` }));
    }
    if (seen.size === 1) deciding.push(name);
  }
  return deciding;
}

describe("a key of the Service", () => {
  it.each(Object.entries(HASHES).map(([title, [values, decides]], n) => ({ title, values, decides, n })))(
    "$title",
    async ({ values, decides, n }) => {
      for (const age of values.keys()) {
        const host = `hash${n}-${age}.example.com`;
        expect(await hashedBy(host, ["one", "two", "three"])).toEqual([decides]);
      }
      const winner = values.indexOf(`$arg_${decides}`);
      for (const [age, value] of values.entries()) {
        const name = `hash${n}-${age}`;
        if (value === "text") expectIgnored(shared, name, "upstream-hash-by", value);
        else if (age > winner)
          expect(shared.diagnostics(name)).toMatchObject([
            { code: "annotation-overruled", key: `${KEY}upstream-hash-by`, value },
          ]);
        else expect(shared.diagnostics(name)).toEqual([]);
      }
    },
  );
});

describe("a key of the host", () => {
  it.each(Object.entries(ROOTS).map(([title, [values, decides]], n) => ({ title, values, decides, n })))(
    "$title",
    async ({ values, decides, n }) => {
      const { status, headers } = await shared.send({ host: `root${n}.example.com` });
      expect([status, headers.location]).toEqual([302, `http://root${n}.example.com${decides}`]);
      if (values[0] === "one") expectIgnored(shared, `root${n}-0`, "app-root", "one");
      const told = decides === "/one" ? [{ code: "annotation-overruled", value: "/two" }] : [];
      expect(shared.diagnostics(`root${n}-1`)).toMatchObject(told);
    },
  );

  it("passes on when the oldest goes", async () => {
    const of = (name: string, age: number) =>
      yamlOf(
        ingress({
          name: `heir-${name}`,
          host: "heir.example.com",
          annotations: { "app-root": `/${name}` },
          createdAt: at(age),
          paths: [{ path: `/${name}`, service: "a" }],
        }),
      );
    const location = async () => (await shared.send({ host: "heir.example.com" })).headers.location;
    await shared.gateway.apply("heir-old.yaml", of("old", 0));
    await shared.gateway.apply("heir-young.yaml", of("young", 1));
    expect(await location()).toBe("http://heir.example.com/old");
    await shared.gateway.remove("heir-old.yaml");
    expect(await location()).toBe("http://heir.example.com/young");
    expect(shared.diagnostics("heir-young")).toEqual([]);
  });
});

describe("a key of the Service is not for another's", () => {
  it("a default backend speaks as it says itself", async () => {
    expect(await shared.who({ host: "stands-in.example.com" })).toBe("b");
  });

  it("nor is that of whoever mirrors to it, whose own way is closed", async () => {
    expect(await shared.who({ host: "copies.example.com" })).toBe(503);
    expect(await shared.who({ host: "lender.example.com" })).toBe("b");
    expect(shared.diagnostics("lender")).toEqual([]);
  });
});
