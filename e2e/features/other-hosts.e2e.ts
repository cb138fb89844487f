import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { selfSigned } from "../support/certificate.ts";
import { handshake } from "../support/handshake.ts";
import { ingress, tlsSecret } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const WWW = { "from-to-www-redirect": "true" };

const shared = useGateway({
  backends: ["echo", "other"],
  objects: async () => [
    tlsSecret("tls", await selfSigned(["tls.example.com", "www.tls.example.com", "alias.tls.example.com"])),
    tlsSecret("own", await selfSigned(["own.example.com"])),

    ingress({ name: "bare", host: "bare.example.com", annotations: WWW }),
    ingress({ name: "www", host: "www.dressed.example.com", annotations: WWW }),
    ingress({
      name: "secure",
      host: "tls.example.com",
      tls: [{ hosts: ["tls.example.com"], secretName: "tls" }],
      annotations: { ...WWW, "server-alias": "alias.tls.example.com" },
    }),
    ingress({ name: "both", host: "both.example.com", annotations: WWW }),
    ingress({ name: "both-www", host: "www.both.example.com" }),
    ingress({ name: "wild", host: "*.wild.example.com", annotations: WWW }),

    ingress({
      name: "main",
      host: "main.example.com",
      createdAt: "2026-01-01T00:00:00Z",
      annotations: {
        "server-alias":
          "Alias.example.com, *.alias.example.com, real.example.com, own.example.com, ~^x, main.example.com",
        "app-root": "/app",
        "response-header-control-update": "x-a one",
      },
    }),
    ingress({
      name: "more",
      host: "main.example.com",
      createdAt: "2026-02-01T00:00:00Z",
      annotations: { "server-alias": "late.example.com" },
      paths: [{ path: "/other", service: "other" }],
    }),
    ingress({
      name: "rival",
      host: "rival.example.com",
      createdAt: "2026-02-01T00:00:00Z",
      annotations: { "server-alias": "alias.example.com, rival-alias.example.com" },
      paths: [{ path: "/", service: "other" }],
    }),
    ingress({
      name: "real",
      host: "real.example.com",
      createdAt: "2026-03-01T00:00:00Z",
      paths: [{ path: "/", service: "other" }],
    }),
    ingress({
      name: "named-by-tls",
      host: "named.example.com",
      tls: [{ hosts: ["own.example.com"], secretName: "own" }],
    }),
    ingress({ name: "bad", host: "bad.example.com", annotations: { "server-alias": "~^www, b:80" } }),
    ingress({ name: "bad-www", host: "bad2.example.com", annotations: { "from-to-www-redirect": "on" } }),
  ],
});

async function answer(host: string, path = "/", https = false): Promise<[number, string | undefined]> {
  const { status, headers } = await shared.send({ host, path, https });
  return [status, headers.location];
}

async function certificateFor(host: string): Promise<string> {
  return (await handshake(shared.gateway.httpsPort, host)).name;
}

describe("from-to-www-redirect", () => {
  it.each([
    ["www.bare.example.com", "bare.example.com"],
    ["dressed.example.com", "www.dressed.example.com"],
  ])("%s leads to %s", async (from, to) => {
    for (const https of [false, true])
      expect(await answer(from, "/a/?b=c", https)).toEqual([308, `http${https ? "s" : ""}://${to}/a/?b=c`]);
    expect(await answer(`${from}:8080`, "/a")).toEqual([308, `http://${to}/a`]);
    expect(await shared.who({ host: to })).toBe("echo");
  });

  it("comes before the redirect to https, and has the certificate of the host", async () => {
    expect(await answer("www.tls.example.com", "/a")).toEqual([308, "http://tls.example.com/a"]);
    expect(await answer("www.tls.example.com", "/a", true)).toEqual([308, "https://tls.example.com/a"]);
    expect(await certificateFor("www.tls.example.com")).toBe("tls.example.com");
  });

  it("is off if the other is a host of its own, for information", async () => {
    expect(await shared.who({ host: "www.both.example.com" })).toBe("echo");
    expect(await shared.who({ host: "both.example.com" })).toBe("echo");
    expect(shared.diagnostics("both")).toMatchObject([
      { code: "annotation-no-effect", severity: "info", value: "www.both.example.com" },
    ]);
  });

  it("is not for wildcards and unknown hosts", async () => {
    expect(await shared.who({ host: "a.wild.example.com" })).toBe("echo");
    expect(await shared.who({ host: "www.a.wild.example.com" })).toBe(404);
    expect(await shared.who({ host: "www.real.example.com" })).toBe(404);
  });
});

describe("server-alias", () => {
  it.each(["alias.example.com", "x.alias.example.com", "ALIAS.example.com:8080"])(
    "%s is served as the host is",
    async (host) => {
      expect(await answer(host)).toEqual([302, `http://${host}/app`]);
      const response = await shared.send({ host, path: "/x" });
      expect(response.headers).toMatchObject({ "x-a": "one", "x-echo-backend": "echo" });
      expect(response.seen().headers.host).toBe(host);
      // Rules of other Ingresses of the host too.
      expect(await shared.who({ host, path: "/other" })).toBe("other");
    },
  );

  it("a wildcard stands for one label", async () => {
    expect(await shared.who({ host: "x.y.alias.example.com" })).toBe(404);
  });

  it("shares certificate and redirect to https", async () => {
    expect(await answer("alias.tls.example.com", "/a")).toEqual([308, "https://alias.tls.example.com/a"]);
    expect(await shared.who({ host: "alias.tls.example.com", https: true })).toBe("echo");
    expect(await certificateFor("alias.tls.example.com")).toBe("tls.example.com");
  });

  it("a certificate that is named for it counts first", async () => {
    expect(await shared.who({ host: "own.example.com", path: "/x", https: true })).toBe("echo");
    expect(await certificateFor("own.example.com")).toBe("own.example.com");
  });

  it("a real host beats it, and so does an older Ingress", async () => {
    expect(await shared.who({ host: "real.example.com", path: "/x" })).toBe("other");
    expect(await shared.who({ host: "rival-alias.example.com" })).toBe("other");
    expect(await shared.who({ host: "late.example.com" })).toBe(404);
    expect(shared.diagnostics("rival")).toMatchObject([
      { code: "annotation-no-effect", value: "alias.example.com" },
    ]);
    expect(shared.diagnostics("more")).toMatchObject([
      { code: "annotation-overruled", key: "mse.ingress.kubernetes.io/server-alias" },
    ]);
    expect(
      shared
        .diagnostics("main")
        .map(({ code, value }) => `${code} ${value}`)
        .sort(),
    ).toEqual([
      "annotation-no-effect main.example.com",
      "annotation-no-effect real.example.com",
      "annotation-value ~^x",
    ]);
  });
});

it("bad values are ignored and reported", async () => {
  expectIgnored(shared, "bad", "server-alias", "~^www, b:80");
  expectIgnored(shared, "bad-www", "from-to-www-redirect", "on");
  expect(await shared.who({ host: "bad.example.com" })).toBe("echo");
  expect(await shared.who({ host: "www.bad2.example.com" })).toBe(404);
});
