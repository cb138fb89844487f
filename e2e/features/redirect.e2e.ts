import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { selfSigned } from "../support/certificate.ts";
import { ingress, tlsSecret } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

type Annotations = Readonly<Record<string, string>>;

/** Annotations → status and Location of `GET http://rN.example.com/x/?q=1`. */
const ANSWERS: readonly [title: string, annotations: Annotations, status: number, location?: string][] = [
  [
    "temporal",
    { "temporal-redirect": "https://other.example.com/new" },
    302,
    "https://other.example.com/new",
  ],
  [
    "permanent",
    { "permanent-redirect": "http://other.example.com/new" },
    301,
    "http://other.example.com/new",
  ],
  ["temporal code", { "temporal-redirect": "http://o.example.com/", "temporal-redirect-code": "307" }, 307],
  ["temporal 303", { "temporal-redirect": "http://o.example.com/", "temporal-redirect-code": "303" }, 303],
  ["temporal 300", { "temporal-redirect": "http://o.example.com/", "temporal-redirect-code": "300" }, 300],
  ["temporal 305", { "temporal-redirect": "http://o.example.com/", "temporal-redirect-code": "305" }, 305],
  [
    "permanent code",
    { "permanent-redirect": "http://o.example.com/", "permanent-redirect-code": "308" },
    308,
  ],
  ["permanent 302", { "permanent-redirect": "http://o.example.com/", "permanent-redirect-code": "302" }, 302],
  [
    "temporal beats permanent",
    { "temporal-redirect": "http://t.example.com/", "permanent-redirect": "http://p.example.com/" },
    302,
    "http://t.example.com/",
  ],
  [
    "query and fragment as written",
    { "temporal-redirect": "https://o.example.com/a?b=c&d=%25#e" },
    302,
    "https://o.example.com/a?b=c&d=%25#e",
  ],
  ["no path", { "temporal-redirect": "https://o.example.com" }, 302, "https://o.example.com"],
  ["a port", { "temporal-redirect": "https://o.example.com:8443/a" }, 302, "https://o.example.com:8443/a"],
  [
    "the default port",
    { "temporal-redirect": "https://o.example.com:443/a" },
    302,
    "https://o.example.com:443/a",
  ],
  ["capitals", { "temporal-redirect": "https://O.Example.com/A" }, 302, "https://O.Example.com/A"],
  [
    "percent",
    { "permanent-redirect": "https://o.example.com/%20%REQ(x)%" },
    301,
    "https://o.example.com/%20%REQ(x)%",
  ],
  [
    "relative",
    { "permanent-redirect": "https://o.example.com/a?b=c", "relative-redirects": "true" },
    301,
    "/a?b=c",
  ],
  [
    "relative without a path",
    { "temporal-redirect": "https://o.example.com", "relative-redirects": "true" },
    302,
    "/",
  ],
];

/** Bad values, and what is answered all the same. */
const BAD: readonly [key: string, value: string, others: Annotations, status: number][] = [
  ["temporal-redirect", "other.example.com/new", {}, 200],
  ["temporal-redirect", "ftp://other.example.com/", {}, 200],
  ["temporal-redirect", "https://$host/new", {}, 200],
  ["permanent-redirect", "/new", {}, 200],
  ["temporal-redirect-code", "308", { "temporal-redirect": "http://o.example.com/" }, 302],
  ["temporal-redirect-code", "299", { "temporal-redirect": "http://o.example.com/" }, 302],
  ["permanent-redirect-code", "309", { "permanent-redirect": "http://o.example.com/" }, 301],
  ["permanent-redirect-code", "three", { "permanent-redirect": "http://o.example.com/" }, 301],
  ["ssl-redirect", "on", {}, 200],
  ["force-ssl-redirect", "yes", {}, 200],
  ["app-root", "app", {}, 200],
  ["app-root", "https://example.com/app", {}, 200],
  ["app-root", "/$uri", {}, 200],
];

const tls = (...hosts: string[]) => [{ hosts, secretName: "tls" }];

const shared = useGateway({
  backends: ["echo"],
  objects: async () => [
    tlsSecret("tls", await selfSigned(["tls.example.com", "*.tls.example.com"])),
    ...ANSWERS.map(([, annotations], n) =>
      ingress({ name: `r${n}`, host: `r${n}.example.com`, annotations }),
    ),
    ...BAD.map(([key, value, others], n) =>
      ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { ...others, [key]: value } }),
    ),
    ingress({
      name: "default",
      host: "tls.example.com",
      tls: tls("tls.example.com"),
      paths: [
        { path: "/", service: "echo" },
        { path: "/.well-known/acme-challenge/own", service: "echo" },
      ],
    }),
    ingress({
      name: "same-host",
      host: "tls.example.com",
      paths: [{ path: "/elsewhere", service: "echo" }],
    }),
    ingress({
      name: "off",
      host: "off.tls.example.com",
      tls: tls("off.tls.example.com"),
      annotations: { "ssl-redirect": "false" },
    }),
    ingress({
      name: "force",
      host: "force.example.com",
      annotations: { "ssl-redirect": "false", "force-ssl-redirect": "true" },
    }),
    ingress({ name: "explicit", host: "explicit.example.com", annotations: { "ssl-redirect": "true" } }),
    ingress({ name: "plain", host: "plain.example.com" }),
    ingress({
      name: "acme-only",
      host: "acme.example.com",
      annotations: { "force-ssl-redirect": "true" },
      paths: [{ path: "/.well-known/acme-challenge/token", pathType: "Exact", service: "echo" }],
    }),
    ingress({
      name: "port",
      host: "port.tls.example.com",
      tls: tls("port.tls.example.com"),
      annotations: { "use-port-in-redirects": "true" },
    }),
    ingress({ name: "wild", host: "*.wild.example.com", annotations: { "ssl-redirect": "true" } }),
    ingress({
      name: "hostless",
      annotations: { "ssl-redirect": "true" },
      paths: [{ path: "/hostless", service: "echo" }],
    }),
    ingress({
      name: "first",
      host: "first.tls.example.com",
      tls: tls("first.tls.example.com"),
      annotations: { "temporal-redirect": "https://o.example.com/t", "permanent-redirect-code": "301" },
    }),
    ingress({
      name: "root",
      host: "root.tls.example.com",
      tls: tls("root.tls.example.com"),
      annotations: { "app-root": "/app/start" },
      createdAt: "2026-01-01T00:00:00Z",
    }),
    ingress({
      name: "root-young",
      host: "root.tls.example.com",
      annotations: { "app-root": "/young" },
      createdAt: "2026-02-01T00:00:00Z",
      paths: [{ path: "/young", service: "echo" }],
    }),
    ingress({ name: "root-plain", host: "root.example.com", annotations: { "app-root": "/app" } }),
    ingress({
      name: "slash",
      host: "slash.tls.example.com",
      tls: tls("slash.tls.example.com"),
      annotations: { "preserve-trailing-slash": "false" },
    }),
  ],
});

async function answer(url: string, headers = {}): Promise<[status: number, location: string | undefined]> {
  const [, scheme, host = "", path = "/"] = /^(https?):\/\/([^/]+)(.*)$/.exec(url) ?? [];
  const response = await shared.send({ host, path: path || "/", headers, https: scheme === "https" });
  return [response.status, response.headers.location];
}

describe("to https", () => {
  it.each([
    ["a host with a certificate", "tls.example.com/a/?b=c&d", "https://tls.example.com/a/?b=c&d"],
    [
      "a host with a certificate of another Ingress",
      "tls.example.com/elsewhere",
      "https://tls.example.com/elsewhere",
    ],
    ["without the request's port", "tls.example.com:8080/a", "https://tls.example.com/a"],
    ["a challenge under /", "tls.example.com/.well-known/acme-challenge/x", undefined],
    ["an explicit true without a certificate", "explicit.example.com/a", "https://explicit.example.com/a"],
    ["force beats ssl-redirect false", "force.example.com/a", "https://force.example.com/a"],
    ["a wildcard host", "a.wild.example.com/b?c", "https://a.wild.example.com/b?c"],
    ["a wildcard host with a port", "a.wild.example.com:8080/b?c", "https://a.wild.example.com/b?c"],
    ["no host", "any.example.com/hostless?c", "https://any.example.com/hostless?c"],
    ["no host with a port", "any.example.com:8080/hostless?c", "https://any.example.com/hostless?c"],
    ["an address with a port", "10.0.0.1:8080/hostless", "https://10.0.0.1/hostless"],
    ["a slash at the end is kept", "slash.tls.example.com/a/", "https://slash.tls.example.com/a/"],
  ])("%s", async (_, url, location) => {
    expect(await answer(`http://${url}`)).toEqual([308, location ?? `https://${url}`]);
  });

  it.each([
    ["a host without a certificate", "http://plain.example.com/a"],
    ["false with a certificate", "http://off.tls.example.com/a"],
    ["a challenge with a rule of its own", "http://tls.example.com/.well-known/acme-challenge/own"],
    ["such a rule even with force", "http://acme.example.com/.well-known/acme-challenge/token"],
    ["what is on https", "https://tls.example.com/a"],
    ["what is on https, forced", "https://force.example.com/a"],
  ])("not %s", async (_, url) => {
    expect(await answer(url)).toEqual([200, undefined]);
  });

  it("whatever an untrusted client says of the scheme, and whatever the method", async () => {
    expect(await answer("http://tls.example.com/", { "x-forwarded-proto": "https" })).toEqual([
      308,
      "https://tls.example.com/",
    ]);
    const post = await shared.send({ host: "tls.example.com", method: "POST", body: "a=b" });
    expect([post.status, post.headers.location]).toEqual([308, "https://tls.example.com/"]);
  });

  it("with the gateway's own port if use-port-in-redirects asks for it", async () => {
    const { httpsPort } = shared.gateway;
    for (const host of ["port.tls.example.com", "port.tls.example.com:8080"])
      expect(await answer(`http://${host}/a?b`)).toEqual([
        308,
        `https://port.tls.example.com:${httpsPort}/a?b`,
      ]);
  });
});

describe("to a URL", () => {
  it.each(
    ANSWERS.map(([title, annotations, status, location], n) => ({ title, annotations, status, location, n })),
  )("$title", async ({ n, annotations, status, location }) => {
    const url = annotations["temporal-redirect"] ?? annotations["permanent-redirect"];
    expect(await answer(`http://r${n}.example.com/x/?q=1`)).toEqual([status, location ?? url]);
    expect(await answer(`https://r${n}.example.com/`)).toEqual([status, location ?? url]);
  });

  it("comes before the redirect to https", async () => {
    expect(await answer("http://first.tls.example.com/a")).toEqual([302, "https://o.example.com/t"]);
  });

  it("keys without effect are reported", () => {
    expect(shared.diagnostics("first")).toMatchObject([
      { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/permanent-redirect-code" },
    ]);
    const both = ANSWERS.findIndex(([title]) => title === "temporal beats permanent");
    expect(shared.diagnostics(`r${both}`)).toMatchObject([
      { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/permanent-redirect" },
    ]);
    expect(shared.diagnostics("slash")).toMatchObject([
      { severity: "info", key: "mse.ingress.kubernetes.io/preserve-trailing-slash" },
    ]);
  });
});

describe("app-root", () => {
  it.each([
    ["http://root.example.com/", "http://root.example.com/app"],
    ["http://root.example.com/?q=1", "http://root.example.com/app"],
    ["https://root.example.com/", "https://root.example.com/app"],
    // Before the redirect to https, as nginx does.
    ["http://root.tls.example.com/", "http://root.tls.example.com/app/start"],
    ["https://root.tls.example.com/", "https://root.tls.example.com/app/start"],
  ])("%s goes to %s", async (url, location) => {
    expect(await answer(url)).toEqual([302, location]);
  });

  it("is for / alone", async () => {
    expect(await answer("http://root.example.com/app")).toEqual([200, undefined]);
    expect(await answer("http://root.example.com/x")).toEqual([200, undefined]);
  });

  it("of the oldest Ingress of the host wins, and the other is told", () => {
    expect(shared.diagnostics("root-young")).toMatchObject([
      { code: "annotation-overruled", key: "mse.ingress.kubernetes.io/app-root", value: "/young" },
    ]);
    expect(shared.diagnostics("root")).toEqual([]);
  });
});

describe("bad values are ignored and reported", () => {
  it.each(BAD.map(([key, value, , status], n) => [key, value, status, n] as const))(
    "%s: %s",
    async (key, value, status, n) => {
      expectIgnored(shared, `bad${n}`, key, value);
      expect((await answer(`http://bad${n}.example.com/`))[0]).toBe(status);
    },
  );
});

describe("without the gateway's default", () => {
  const off = useGateway({
    backends: ["echo"],
    settings: { sslRedirect: false },
    objects: async () => [
      tlsSecret("tls", await selfSigned(["tls.example.com", "on.example.com"])),
      ingress({ name: "absent", host: "tls.example.com", tls: tls("tls.example.com") }),
      ingress({
        name: "on",
        host: "on.example.com",
        tls: tls("on.example.com"),
        annotations: { "ssl-redirect": "true" },
      }),
    ],
  });

  it("only those who ask are redirected", async () => {
    expect(await off.who({ host: "tls.example.com" })).toBe("echo");
    expect(await off.who({ host: "on.example.com" })).toBe(308);
  });
});

describe("behind a proxy that is trusted", () => {
  const trusting = useGateway({
    backends: ["echo"],
    settings: { trustedHops: 1 },
    objects: async () => [
      tlsSecret("tls", await selfSigned(["tls.example.com"])),
      ingress({
        name: "tls",
        host: "tls.example.com",
        tls: tls("tls.example.com"),
        annotations: { "enable-cors": "true" },
      }),
      ingress({ name: "www", host: "bare.example.com", annotations: { "from-to-www-redirect": "true" } }),
    ],
  });
  const CLIENT = { "x-forwarded-for": "10.0.0.1" };

  it("a request that was https there needs no redirect, and redirects to hosts keep https", async () => {
    const https = { ...CLIENT, "x-forwarded-proto": "https" };
    expect(await trusting.who({ host: "tls.example.com", headers: https })).toBe("echo");
    const www = await trusting.send({ host: "www.bare.example.com", path: "/a", headers: https });
    expect([www.status, www.headers.location]).toEqual([308, "https://bare.example.com/a"]);
  });

  it("others are redirected", async () => {
    const http = { ...CLIENT, "x-forwarded-proto": "http" };
    for (const headers of [CLIENT, http])
      expect(await trusting.who({ host: "tls.example.com", headers })).toBe(308);
    const origin = { ...http, origin: "https://a.example.com" };
    const response = await trusting.send({ host: "tls.example.com", headers: origin });
    expect([response.status, response.headers["access-control-allow-origin"]]).toEqual([
      308,
      "https://a.example.com",
    ]);
  });
});
