import { describe, expect, it } from "vitest";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const ME = "127.0.0.1";
const FRIEND = "127.0.0.2";
const FOE = "127.0.0.3";

/** Annotations of an Ingress with one host, and the status for each client. */
const LISTS: readonly [
  title: string,
  annotations: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, number>>,
][] = [
  ["whitelist-source-range", { "whitelist-source-range": FRIEND }, { [ME]: 403, [FRIEND]: 200 }],
  [
    "allowlist-source-range",
    { "allowlist-source-range": "127.0.0.2/31" },
    { [ME]: 403, [FRIEND]: 200, [FOE]: 200 },
  ],
  ["a whitelist of everyone", { "whitelist-source-range": "*" }, { [ME]: 200, [FRIEND]: 200 }],
  ["a whitelist of IPv6 only", { "whitelist-source-range": "2001:db8::/32" }, { [ME]: 403 }],
  ["denylist-source-range", { "denylist-source-range": FOE }, { [ME]: 200, [FOE]: 403 }],
  ["blacklist-source-range", { "blacklist-source-range": `${FOE}, 10.0.0.0/8` }, { [ME]: 200, [FOE]: 403 }],
  [
    "black before white",
    { "whitelist-source-range": "127.0.0.0/30", "blacklist-source-range": FOE },
    { [ME]: 200, [FOE]: 403, "127.0.0.4": 403 },
  ],
  [
    "domain-whitelist-source-range",
    { "domain-whitelist-source-range": FRIEND },
    { [ME]: 403, [FRIEND]: 200 },
  ],
  ["domain-blacklist-source-range", { "domain-blacklist-source-range": FOE }, { [ME]: 200, [FOE]: 403 }],
  [
    "a route's list replaces that of its host",
    { "whitelist-source-range": ME, "domain-whitelist-source-range": FRIEND },
    { [ME]: 200, [FRIEND]: 403 },
  ],
  [
    "a list of one kind leaves the other of the host",
    { "whitelist-source-range": "*", "domain-blacklist-source-range": FOE },
    { [ME]: 200, [FOE]: 403 },
  ],
];

const BAD: readonly [key: string, value: string][] = [
  ["whitelist-source-range", `${ME}, 127.0.0.256`],
  ["allowlist-source-range", "localhost"],
  ["denylist-source-range", "10.0.0.1/33"],
  ["blacklist-source-range", "*"],
  ["domain-whitelist-source-range", `${ME}, x`],
  ["domain-blacklist-source-range", ","],
];

const shared = useGateway({
  backends: ["echo"],
  objects: () => [
    ...LISTS.map(([, annotations], n) =>
      ingress({ name: `lists${n}`, host: `lists${n}.example.com`, annotations }),
    ),
    ...BAD.map(([key, value], n) =>
      ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
    ),
    ingress({
      name: "both",
      host: "two.example.com",
      annotations: { "domain-blacklist-source-range": FOE },
      paths: [{ path: "/both", service: "echo" }],
    }),
    ingress({ name: "neighbour", host: "two.example.com", paths: [{ path: "/plain", service: "echo" }] }),
    ingress({
      name: "named-twice",
      host: "named-twice.example.com",
      annotations: {
        "mse.ingress.kubernetes.io/allowlist-source-range": FRIEND,
        "nginx.ingress.kubernetes.io/whitelist-source-range": "*",
      },
    }),
    ingress({
      name: "root",
      host: "root.example.com",
      annotations: { "whitelist-source-range": FRIEND },
      paths: [{ path: "/", pathType: "Exact", service: "echo" }],
    }),
    ingress({ name: "below-root", host: "root.example.com" }),
    ingress({
      name: "moved",
      host: "moved.example.com",
      annotations: { "whitelist-source-range": FRIEND, "permanent-redirect": "https://example.com/new" },
    }),
    ingress({
      name: "secure",
      host: "secure.example.com",
      annotations: { "whitelist-source-range": FRIEND, "force-ssl-redirect": "true" },
    }),
    ingress({
      name: "hinted",
      host: "hinted.example.com",
      annotations: { "denylist-source-range": FOE, "blacklist-source-range": ME },
    }),
  ],
});

async function status(host: string, localAddress: string, path = "/"): Promise<number> {
  return (await shared.send({ host, localAddress, path })).status;
}

it.each(LISTS.map(([title, , expected], n) => ({ title, expected, n })))(
  "$title",
  async ({ expected, n }) => {
    for (const [from, wanted] of Object.entries(expected))
      expect(await status(`lists${n}.example.com`, from), from).toBe(wanted);
    expect(shared.diagnostics(`lists${n}`)).toEqual([]);
  },
);

it("the address is the peer's, whatever the client says", async () => {
  const headers = { "x-forwarded-for": FRIEND, "x-real-ip": FRIEND };
  expect((await shared.send({ host: "lists0.example.com", headers })).status).toBe(403);
});

it("lists of a host hold for the rules of other Ingresses there", async () => {
  for (const path of ["/both", "/plain"]) {
    expect(await status("two.example.com", FOE, path)).toBe(403);
    expect(await status("two.example.com", ME, path)).toBe(200);
  }
});

it("denylist-source-range replaces blacklist-source-range, which is reported", async () => {
  expect(await status("hinted.example.com", FOE)).toBe(403);
  expect(await status("hinted.example.com", ME)).toBe(200);
  expect(shared.diagnostics("hinted")).toMatchObject([
    { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/blacklist-source-range" },
  ]);
});

it("of two names of a list the stronger prefix decides, and the other is reported", async () => {
  expect(await status("named-twice.example.com", ME)).toBe(403);
  expect(await status("named-twice.example.com", FRIEND)).toBe(200);
  expect(shared.diagnostics("named-twice")).toMatchObject([
    { code: "annotation-conflict", key: "nginx.ingress.kubernetes.io/whitelist-source-range" },
  ]);
});

it.each(["/", "/?x", "//", "///", "/./", "/a/..//"])("%s does not get round a list of /", async (path) => {
  expect(await status("root.example.com", ME, path)).toBe(403);
  expect(await status("root.example.com", FRIEND, path)).toBe(200);
  expect(await status("root.example.com", ME, "/x")).toBe(200);
});

describe("redirects are answered to everyone", () => {
  it.each([
    ["moved.example.com", 301],
    ["secure.example.com", 308],
  ] as const)("%s", async (host, wanted) => {
    for (const from of [ME, FRIEND]) expect(await status(host, from)).toBe(wanted);
  });
});

it.each(BAD.map(([key, value], n) => ({ key, value, n })))(
  "a bad item of $key ($value) closes the rules and is reported",
  async ({ key, n }) => {
    expect(await status(`bad${n}.example.com`, ME)).toBe(503);
    expect(shared.diagnostics(`bad${n}`)).toMatchObject([
      { code: "annotation-value-denied", severity: "error", key: `mse.ingress.kubernetes.io/${key}` },
    ]);
    expect(await status("two.example.com", ME, "/plain")).toBe(200);
  },
);
