import { constants } from "node:http2";
import { describe, expect, it } from "vitest";
import { http2Session } from "../support/http2.ts";
import { type IngressSpec, ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const TEXT = "text/plain; charset=UTF-8";
const JSON_TYPE = "application/json; charset=UTF-8";
/** What a format, a script or a pattern would stumble over. */
const ODD = `{"busy": "100 % of $host, %REQ(:path)%, %%, ]] 'x' \\"y\\" ✓"}`;

interface Fallback {
  readonly name: string;
  readonly fallback: Readonly<Record<string, string>>;
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
  readonly location?: string;
}

const FALLBACKS: readonly Fallback[] = [
  { name: "default", fallback: {}, status: 429, type: TEXT, body: "sentinel rate limited" },
  {
    name: "code",
    fallback: { "custom-response-code": "503" },
    status: 503,
    type: TEXT,
    body: "sentinel rate limited",
  },
  {
    name: "json",
    fallback: { "custom-response-body-type": "JSON", "custom-response-body": ODD },
    status: 429,
    type: JSON_TYPE,
    body: ODD,
  },
  {
    name: "text",
    fallback: {
      "custom-response-code": "200",
      "custom-response-body-type": "Text",
      "custom-response-body": "busy",
    },
    status: 200,
    type: TEXT,
    body: "busy",
  },
  {
    name: "redirect",
    fallback: { "redirect-url": "https://other.example.com/busy?a=%20&b=1" },
    status: 302,
    type: undefined,
    body: "",
    location: "https://other.example.com/busy?a=%20&b=1",
  },
  {
    name: "bare",
    fallback: { "redirect-url": "other.example.com/busy" },
    status: 302,
    type: undefined,
    body: "",
    location: "http://other.example.com/busy",
  },
  {
    name: "both",
    fallback: {
      "custom-response-code": "503",
      "custom-response-body-type": "json",
      "custom-response-body": "{}",
      "redirect-url": "http://other.example.com",
    },
    status: 302,
    type: undefined,
    body: "",
    location: "http://other.example.com",
  },
];

const LIMITS = ["rate-limit", "concurrency-limit"] as const;

const BAD = LIMITS.flatMap((limit) =>
  (
    [
      ["", "0"],
      ["", "10r/s"],
      ["-fallback-custom-response-code", "199"],
      ["-fallback-custom-response-body-type", "xml"],
      ["-fallback-custom-response-body", "x".repeat(20_000)],
      ["-fallback-redirect-url", "https://$host/busy"],
    ] as const
  ).map(([ending, value]) => ({ limit, ending, value })),
);

function fallbackAnnotations(limit: string, { fallback }: Fallback): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fallback).map(([ending, value]) => [`${limit}-fallback-${ending}`, value]),
  );
}

const host = (name: string) => `${name}.example.com`;
const limited = (
  name: string,
  annotations: Readonly<Record<string, string>>,
  more: Partial<IngressSpec> = {},
) => ingress({ name, host: host(name), annotations, ...more });

const shared = useGateway({
  backends: ["echo", "canary"],
  objects: () => [
    ...FALLBACKS.flatMap((each) => [
      limited(`rate-${each.name}`, { "rate-limit": "1", ...fallbackAnnotations("rate-limit", each) }),
      limited(`flight-${each.name}`, {
        "concurrency-limit": "1",
        ...fallbackAnnotations("concurrency-limit", each),
      }),
    ]),
    ...BAD.map(({ limit, ending, value }, n) =>
      limited(`bad${n}`, { ...(ending === "" ? {} : { [limit]: "1" }), [`${limit}${ending}`]: value }),
    ),
    ...LIMITS.map((limit) =>
      limited(`alone-${limit}`, { [`${limit}-fallback-custom-response-code`]: "503" }),
    ),
    limited(
      "routes",
      { "rate-limit": "1" },
      {
        paths: [
          { path: "/", service: "echo" },
          { path: "/other", service: "echo" },
        ],
      },
    ),
    limited("main", { "rate-limit": "1" }),
    ingress({
      name: "canary",
      host: host("main"),
      annotations: { canary: "true", "canary-by-header": "to-canary", "rate-limit": "1000" },
      paths: [{ path: "/", service: "canary" }],
    }),
    limited("cors", { "rate-limit": "1", "enable-cors": "true" }),
    limited("moved", { "rate-limit": "1", "permanent-redirect": "https://other.example.com" }),
    limited("guarded", { "rate-limit": "1", "whitelist-source-range": "127.0.0.2" }),
    limited("left", { "concurrency-limit": "3" }),
    limited("two", { "rate-limit": "1", "concurrency-limit": "5" }),
  ],
});

const get = (name: string, more: Partial<Parameters<typeof shared.send>[0]> = {}) =>
  shared.send({ host: host(name), ...more });
const many = (count: number, name: string, more: Partial<Parameters<typeof shared.send>[0]> = {}) =>
  Promise.all(Array.from({ length: count }, () => get(name, more)));
const refused = async (name: string) => {
  // In one second one passes, and twenty take less than five.
  const all = await many(20, name);
  return all.filter(({ headers }) => headers["x-echo-backend"] === undefined);
};

describe.each(FALLBACKS.map((each) => [each.name, each] as const))("the fallback %s", (name, wanted) => {
  it("is what is over rate-limit gets", async () => {
    const over = await refused(`rate-${name}`);
    expect(over.length).toBeGreaterThanOrEqual(10);
    for (const { status, body, headers } of over) {
      expect({ status, body, type: headers["content-type"], location: headers.location }).toEqual({
        status: wanted.status,
        body: wanted.body,
        type: wanted.type,
        location: wanted.location,
      });
      expect(headers["x-sluice-limited"]).toBeUndefined();
    }
  });

  it("is what is over concurrency-limit gets", async () => {
    const all = await many(5, `flight-${name}`, { headers: { "x-echo-delay-ms": "300" } });
    const passed = all.filter(({ headers }) => headers["x-echo-backend"] === "echo");
    expect(passed).toHaveLength(1);
    const [over] = all.filter(({ headers }) => headers["x-echo-backend"] === undefined);
    expect(over).toMatchObject({ status: wanted.status, body: wanted.body });
    expect(over?.headers["content-type"]).toBe(wanted.type);
    expect(over?.headers.location).toBe(wanted.location);
    // It makes room when it is over; Envoy says so a moment later.
    await expect.poll(() => shared.who({ host: host(`flight-${name}`) })).toBe("echo");
  });
});

it("a redirect without a scheme has that of the request", async () => {
  const all = await Promise.all(
    Array.from({ length: 10 }, () => shared.send({ host: host("rate-bare"), https: true })),
  );
  const locations = all.flatMap(({ headers }) => headers.location ?? []);
  expect(new Set(locations)).toEqual(new Set(["https://other.example.com/busy"]));
});

it("keys of the response beside a redirect are reported", () => {
  for (const limit of ["rate", "concurrency"])
    expect(
      shared.diagnostics(`${limit === "rate" ? "rate" : "flight"}-both`).map(({ code, key }) => [code, key]),
    ).toEqual(
      ["body", "body-type", "code"].map((ending) => [
        "annotation-no-effect",
        `mse.ingress.kubernetes.io/${limit}-limit-fallback-custom-response-${ending}`,
      ]),
    );
});

it("all rules of an Ingress share its limit", async () => {
  const [one, other] = await Promise.all([many(10, "routes"), many(10, "routes", { path: "/other" })]);
  const passed = [...one, ...other].filter(({ status }) => status === 200);
  expect(passed.length).toBeLessThanOrEqual(3);
});

it("a canary counts with its main Ingress, whatever it says itself", async () => {
  const [main, canary] = await Promise.all([
    many(10, "main"),
    many(10, "main", { headers: { "to-canary": "always" } }),
  ]);
  const passed = [...main, ...canary].filter(({ status }) => status === 200);
  expect(passed.length).toBeLessThanOrEqual(3);
});

it("refusals have CORS headers too, and preflights are not counted", async () => {
  const headers = { origin: "https://a.example.com" };
  const preflight = { ...headers, "access-control-request-method": "GET" };
  const asked = await many(10, "cors", { method: "OPTIONS", headers: preflight });
  expect(asked.every(({ status }) => status === 200 || status === 204)).toBe(true);
  const all = await many(10, "cors", { headers });
  const over = all.filter(({ status }) => status === 429);
  expect(over.length).toBeGreaterThanOrEqual(5);
  for (const { headers } of over)
    expect(headers["access-control-allow-origin"]).toBe("https://a.example.com");
});

it("redirects of rules are not counted", async () => {
  expect((await many(10, "moved")).map(({ status }) => status)).toEqual(Array(10).fill(301));
});

it("HEAD is refused without a body", async () => {
  const over = (await many(10, "rate-default", { method: "HEAD" })).filter(({ status }) => status === 429);
  expect(over.length).toBeGreaterThanOrEqual(5);
  expect(over[0]).toMatchObject({ body: "" });
});

it("limits come before address lists", async () => {
  const statuses = new Set((await many(10, "guarded")).map(({ status }) => status));
  expect(statuses).toEqual(new Set([403, 429]));
});

it("both limits go together", async () => {
  const all = await many(20, "two");
  expect(all.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(3);
});

it.each(LIMITS)("a fallback without %s has no effect, reported", async (limit) => {
  expect((await many(5, `alone-${limit}`)).map(({ status }) => status)).toEqual(Array(5).fill(200));
  expect(shared.diagnostics(`alone-${limit}`)).toMatchObject([
    {
      code: "annotation-no-effect",
      key: `mse.ingress.kubernetes.io/${limit}-fallback-custom-response-code`,
    },
  ]);
});

it.each(BAD.map(({ value, ...bad }, n) => ({ ...bad, value: value.slice(0, 30), n })))(
  "$limit$ending $value is ignored",
  async ({ limit, ending, n }) => {
    const all = await many(10, `bad${n}`, { headers: { "x-echo-delay-ms": "100" } });
    const over = all.filter(({ status }) => status !== 200);
    if (ending === "") expect(over).toEqual([]);
    else {
      expect(over.length).toBeGreaterThanOrEqual(5);
      expect(over[0]).toMatchObject({ status: 429, body: "sentinel rate limited" });
      expect(over[0]?.headers["content-type"]).toBe(TEXT);
    }
    expect(shared.diagnostics(`bad${n}`)).toMatchObject([
      { code: "annotation-value", key: `mse.ingress.kubernetes.io/${limit}${ending}` },
    ]);
  },
);

it("a client that leaves at once, before the limit is asked to its end, holds nothing", async () => {
  const session = http2Session({ port: shared.gateway.httpPort });
  for (let n = 0; n < 50; n += 1) {
    const stream = session.request({ ":authority": host("left"), ":path": "/" });
    const closed = new Promise((resolve) => stream.once("close", resolve));
    stream.on("error", () => {});
    stream.close(constants.NGHTTP2_CANCEL);
    await closed;
  }
  session.close();
  const together = async () =>
    (await many(3, "left", { headers: { "x-echo-delay-ms": "200" } })).map(({ status }) => status);
  await expect.poll(together, { timeout: 5_000 }).toEqual([200, 200, 200]);
});

// Last: it ends the control plane.
it("an Envoy that is alone limits the rate, and lets pass what is in flight", async () => {
  await shared.gateway.stopControlPlane();
  const over = (await many(20, "rate-json")).filter(({ headers }) => headers["x-echo-backend"] === undefined);
  expect(over.length).toBeGreaterThanOrEqual(10);
  expect(over[0]).toMatchObject({ status: 429, body: ODD });
  const all = await many(5, "flight-json", { headers: { "x-echo-delay-ms": "100" } });
  expect(all.map(({ status }) => status)).toEqual(Array(5).fill(200));
});
