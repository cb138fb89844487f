import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { selfSigned } from "../support/certificate.ts";
import { ingress, tlsSecret } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

type Annotations = Readonly<Record<string, string>>;

const DEFAULT_HEADERS =
  "DNT,X-CustomHeader,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization";

const CORS: Readonly<Record<string, Annotations>> = {
  default: {},
  one: { "cors-allow-origin": "https://a.example.com" },
  many: {
    "cors-allow-origin": "https://a.example.com:8443, https://*.b.example.com ,, c.example.com,null,app://d",
  },
  all: { "cors-allow-origin": "https://a.example.com, *" },
  open: { "cors-allow-credentials": "true" },
  closed: { "cors-allow-origin": "https://a.example.com", "cors-allow-credentials": "false" },
  echo: { "cors-allow-methods": "*", "cors-allow-headers": "*", "cors-expose-headers": "*" },
  own: {
    "cors-allow-methods": "GET,  PURGE",
    "cors-allow-headers": "X-A,x-b",
    "cors-expose-headers": "X-C, X-D",
    "cors-max-age": "60",
  },
  partly: { "cors-allow-origin": "https://*, https://a.example.com" },
  nobody: { "cors-allow-origin": "https://*" },
  "gone-many": {
    "cors-allow-origin": "https://*.b.example.com, c.example.com",
    "cors-allow-methods": "*",
    "cors-allow-headers": "*",
    "cors-expose-headers": "X-50%",
    "permanent-redirect": "https://o.example.com",
  },
  crowd: {
    "cors-allow-origin": Array.from({ length: 250 }, (_, n) => `s${n}.example.com`).join(","),
    "temporal-redirect": "https://o.example.com/",
  },
  gone: { "temporal-redirect": "https://o.example.com/" },
  forced: { "force-ssl-redirect": "true" },
};

const BAD: readonly [key: string, value: string][] = [
  ["cors-allow-methods", "GET, PO ST"],
  ["cors-allow-methods", ","],
  ["cors-allow-headers", "X-A, X:B"],
  ["cors-expose-headers", "X A"],
  ["cors-allow-credentials", "yes"],
  ["cors-max-age", "10s"],
  ["cors-max-age", "-1"],
];

const shared = useGateway({
  backends: ["echo"],
  objects: async () => [
    tlsSecret("tls", await selfSigned(["tls.example.com"])),
    ...Object.entries(CORS).map(([name, annotations]) =>
      ingress({ name, host: `${name}.example.com`, annotations: { "enable-cors": "true", ...annotations } }),
    ),
    ...BAD.map(([key, value], n) =>
      ingress({
        name: `bad${n}`,
        host: `bad${n}.example.com`,
        annotations: {
          "enable-cors": "true",
          "cors-allow-origin": "https://a.example.com",
          [key]: value,
        },
      }),
    ),
    ingress({ name: "off", host: "off.example.com", annotations: { "enable-cors": "false" } }),
    ingress({ name: "bad", host: "bad.example.com", annotations: { "enable-cors": "on" } }),
    ingress({ name: "alone", host: "alone.example.com", annotations: { "cors-max-age": "60" } }),
    ingress({
      name: "empty",
      host: "empty.example.com",
      annotations: { "enable-cors": "true" },
      paths: [{ path: "/", service: "nothing" }],
    }),
    ingress({
      name: "secure",
      host: "tls.example.com",
      annotations: { "enable-cors": "true" },
      tls: [{ hosts: ["tls.example.com"], secretName: "tls" }],
    }),
    ingress({
      name: "refused",
      host: "refused.example.com",
      annotations: { "enable-cors": "true", "blacklist-source-range": "127.0.0.0/8" },
    }),
    ingress({
      name: "refused-alias",
      host: "named.example.com",
      annotations: {
        "enable-cors": "true",
        "cors-allow-origin": "https://a.example.com",
        "domain-blacklist-source-range": "127.0.0.0/8",
        "server-alias": "alias.example.com",
      },
    }),
    ingress({
      name: "root",
      host: "root.example.com",
      annotations: { "enable-cors": "true", "app-root": "/app" },
    }),
  ],
});

interface Answer {
  readonly status: number;
  readonly origin?: string;
  readonly credentials?: string;
  readonly methods?: string;
  readonly headers?: string;
  readonly exposed?: string;
  readonly maxAge?: string;
  readonly vary?: string;
  readonly byBackend: boolean;
}

async function ask(
  name: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
  method = "GET",
): Promise<Answer> {
  const response = await shared.send({ host: `${name}.example.com`, headers, method });
  const value = (header: string): string | undefined => response.headers[header]?.toString();
  const parts = {
    origin: value("access-control-allow-origin"),
    credentials: value("access-control-allow-credentials"),
    methods: value("access-control-allow-methods"),
    headers: value("access-control-allow-headers"),
    exposed: value("access-control-expose-headers"),
    maxAge: value("access-control-max-age"),
    vary: value("vary"),
  };
  return {
    status: response.status,
    ...Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)),
    byBackend: value("x-echo-backend") !== undefined,
  };
}

const A = "https://a.example.com";
const read = (name: string, origin = A) => ask(name, { origin });
const preflight = (name: string, origin = A, more = {}) =>
  ask(name, { origin, "access-control-request-method": "PUT", ...more }, "OPTIONS");

describe("an answer", () => {
  it("to any origin names it, without credentials unless asked for", async () => {
    const answer = { status: 200, origin: A, vary: "Origin", byBackend: true };
    expect(await read("default")).toEqual(answer);
    expect(await read("all", "null")).toEqual({ ...answer, origin: "null" });
    expect(await read("open")).toEqual({ ...answer, credentials: "true" });
  });

  it("to a listed origin allows credentials, unless they are off", async () => {
    const answer = { status: 200, origin: A, vary: "Origin", byBackend: true };
    expect(await read("one")).toEqual({ ...answer, credentials: "true" });
    expect(await read("closed")).toEqual(answer);
  });

  it.each([
    ["https://a.example.com:8443", true],
    ["HTTPS://A.Example.com:8443", true],
    ["https://a.example.com", false],
    ["http://a.example.com:8443", false],
    ["https://x.b.example.com", true],
    ["https://X.B.EXAMPLE.COM", true],
    ["https://x.y.b.example.com", false],
    ["https://b.example.com", false],
    ["https://.b.example.com", false],
    ["https://xbbexample.com", false],
    ["https://evil.example/.b.example.com", false],
    ["https://x.b.example.com.evil.example", false],
    ["http://c.example.com", true],
    ["https://c.example.com", true],
    ["https://c.example.com:8443", false],
    ["null", true],
    ["*", false],
    ["app://d", true],
  ])("to %s: %s", async (origin, allowed) => {
    const answer = await read("many", origin);
    const header = allowed ? { origin, credentials: "true" } : {};
    expect(answer).toEqual({ status: 200, ...header, vary: "Origin", byBackend: true });
  });

  it("without Origin can be told apart by caches, and says nothing else", async () => {
    expect(await ask("one", {})).toEqual({ status: 200, vary: "Origin", byBackend: true });
  });

  it("keeps the backend's Vary", async () => {
    const headers = { origin: A, "x-echo-header": "vary: accept-encoding" };
    expect((await ask("one", headers)).vary?.toLowerCase()).toBe("accept-encoding,origin");
  });

  it("replaces the backend's own origin, and its credentials where they are off", async () => {
    const own = ["access-control-allow-origin: https://x.example", "access-control-allow-credentials: true"];
    for (const name of ["default", "closed"])
      expect(await ask(name, { origin: A, "x-echo-header": own })).toEqual({
        status: 200,
        origin: A,
        vary: "Origin",
        byBackend: true,
      });
  });

  it("names what may be read besides", async () => {
    expect(await read("own")).toMatchObject({ exposed: "X-C, X-D" });
    expect(await read("echo")).toMatchObject({ exposed: "*" });
  });

  it("is the gateway's own as well: errors and redirects", async () => {
    const own = { origin: A, vary: "Origin", byBackend: false };
    expect(await read("empty")).toEqual({ ...own, status: 503 });
    expect(await read("gone")).toEqual({ ...own, status: 302 });
    expect(await read("forced")).toEqual({ ...own, status: 308 });
    expect(await read("tls")).toEqual({ ...own, status: 308 });
  });

  it("is a refusal too, and preflights are answered before it", async () => {
    for (const name of ["refused", "named", "alias"]) {
      expect(await read(name)).toMatchObject({ status: 403, origin: A, byBackend: false });
      expect(await preflight(name)).toMatchObject({ status: 200, origin: A, byBackend: false });
    }
    for (const name of ["named", "alias"])
      expect(await preflight(name, "https://b.example.com")).toEqual({
        status: 403,
        vary: "Origin",
        byBackend: false,
      });
  });

  it("of the gateway itself is for allowed origins alone", async () => {
    const own = { status: 301, vary: "Origin", byBackend: false };
    for (const origin of ["https://x.b.example.com", "HTTP://C.example.com"])
      expect(await read("gone-many", origin)).toEqual({
        ...own,
        origin,
        credentials: "true",
        exposed: "X-50%",
      });
    for (const origin of [
      "https://b.example.com",
      "https://cxexample.com",
      "https://c.example.com.evil.example",
    ])
      expect(await read("gone-many", origin)).toEqual(own);
    expect(await ask("gone-many", {})).toEqual(own);
    expect(await preflight("gone-many", "https://b.example.com")).toEqual(own);
  });

  it("of the gateway itself finds one origin of as many as there may be", async () => {
    for (const n of [0, 125, 249])
      expect(await read("crowd", `https://s${n}.example.com`)).toHaveProperty("origin");
    expect(await preflight("crowd", "http://s249.example.com")).toMatchObject({ status: 200 });
    expect(await read("crowd", "https://s250.example.com")).toEqual({
      status: 302,
      vary: "Origin",
      byBackend: false,
    });
  });

  it("is as ever where CORS is off", async () => {
    for (const name of ["off", "bad", "alone"])
      expect(await read(name)).toEqual({ status: 200, byBackend: true });
    for (const name of ["off", "bad", "alone"])
      expect(await preflight(name)).toEqual({ status: 200, byBackend: true });
  });
});

describe("a preflight", () => {
  it("is answered here, with the defaults", async () => {
    expect(await preflight("one")).toEqual({
      status: 200,
      origin: A,
      credentials: "true",
      methods: "GET, PUT, POST, DELETE, PATCH, OPTIONS",
      headers: DEFAULT_HEADERS,
      maxAge: "1728000",
      byBackend: false,
    });
    const { credentials, ...rest } = await preflight("default");
    expect(credentials).toBeUndefined();
    expect(rest).toMatchObject({ status: 200, origin: A, byBackend: false });
  });

  it("is answered with what the annotations say", async () => {
    expect(await preflight("own")).toMatchObject({
      methods: "GET, PURGE",
      headers: "X-A, x-b",
      maxAge: "60",
    });
  });

  it("* allows what it asks for", async () => {
    const asked = { "access-control-request-headers": "x-one, x-two" };
    expect(await preflight("echo", A, asked)).toMatchObject({ methods: "PUT", headers: "x-one, x-two" });
  });

  it("has an empty answer", async () => {
    const headers = { origin: A, "access-control-request-method": "PUT" };
    const response = await shared.send({ host: "one.example.com", method: "OPTIONS", headers });
    expect(response.body).toBe("");
  });

  it("of a foreign origin goes to the backend", async () => {
    expect(await preflight("one", "https://b.example.com")).toEqual({
      status: 200,
      vary: "Origin",
      byBackend: true,
    });
  });

  it("is no preflight without Origin or Access-Control-Request-Method", async () => {
    expect(await ask("one", { origin: A }, "OPTIONS")).toMatchObject({ status: 200, byBackend: true });
    expect(await ask("one", { "access-control-request-method": "PUT" }, "OPTIONS")).toMatchObject({
      status: 200,
      byBackend: true,
    });
  });

  it("comes before redirects, but behind app-root", async () => {
    for (const name of ["gone", "forced", "tls"])
      expect(await preflight(name)).toMatchObject({ status: 200, origin: A, byBackend: false });
    expect(await preflight("root")).toEqual({ status: 302, byBackend: false });
    const asked = { "access-control-request-headers": "x-one, x-two" };
    expect(await preflight("gone-many", "https://c.example.com", asked)).toEqual({
      status: 200,
      origin: "https://c.example.com",
      credentials: "true",
      methods: "PUT",
      headers: "x-one, x-two",
      exposed: "X-50%",
      maxAge: "1728000",
      byBackend: false,
    });
    expect(await preflight("gone-many", "https://c.example.com")).not.toHaveProperty("headers");
    expect(await preflight("gone")).toMatchObject({
      methods: "GET, PUT, POST, DELETE, PATCH, OPTIONS",
      headers: DEFAULT_HEADERS,
    });
  });
});

describe("what is bad is reported", () => {
  it.each(BAD.map(([key, value], n) => [key, value, n] as const))("%s: %s", async (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
    expect(await preflight(`bad${n}`)).toEqual(await preflight("one"));
  });

  it("enable-cors", () => expectIgnored(shared, "bad", "enable-cors", "on"));

  it("an origin, and the others count", async () => {
    expectIgnored(shared, "partly", "cors-allow-origin", "https://*");
    expect(await read("partly")).toMatchObject({ origin: A });
    expect(await read("partly", "https://b.example.com")).not.toHaveProperty("origin");
  });

  it("all origins, and none is allowed", async () => {
    expectIgnored(shared, "nobody", "cors-allow-origin", "https://*");
    expect(await read("nobody")).toEqual({ status: 200, byBackend: true });
    expect(await preflight("nobody")).toMatchObject({ byBackend: true });
  });

  it("credentials for every origin, and details without enable-cors", () => {
    expect(shared.diagnostics("open")).toMatchObject([
      { severity: "warning", key: "mse.ingress.kubernetes.io/cors-allow-credentials", value: "true" },
    ]);
    expect(shared.diagnostics("alone")).toMatchObject([
      { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/cors-max-age" },
    ]);
    for (const name of ["default", "one", "many", "all", "own", "off"])
      expect(shared.diagnostics(name)).toEqual([]);
  });
});
