import { execFile } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { explain, renderExplanation } from "@sluice/explain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issuedCertificate, type KeyPair, testCertificate } from "../support/certificate.ts";
import { handshake } from "../support/handshake.ts";
import { http1KeepAlive, webSockets } from "../support/load.ts";
import { ingress, service, tlsSecret, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

interface Opened {
  readonly name: string;
  readonly sni: unknown;
  readonly client: string | undefined;
  readonly authorized: boolean;
}

/** A TLS server that says on each connection what it saw of it, then echoes. Asks for a certificate that `ca` issued. */
async function tlsBackend(name: string, pair: KeyPair, ca?: string) {
  const server = createServer(
    {
      cert: pair.chain,
      key: pair.key,
      ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }),
    },
    (socket) => {
      const seen: Opened = {
        name,
        sni: socket.servername,
        client: ca === undefined ? undefined : String(socket.getPeerCertificate().subject?.CN),
        authorized: socket.authorized,
      };
      socket.on("error", () => {});
      socket.write(`${JSON.stringify(seen)}\n`);
      socket.pipe(socket);
    },
  );
  const sockets = new Set<TLSSocket>();
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  // It listens on a port, so its address is of this kind.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const pairs = {
  pass: await testCertificate("backend-of-pass"),
  mutual: await testCertificate("backend-of-mutual"),
  wild: await testCertificate("backend-of-wild"),
  ended: await testCertificate("ended.example.com"),
  client: await issuedCertificate(["somebody"], 0),
};
const passed = await tlsBackend("pass", pairs.pass);
const mutual = await tlsBackend("mutual", pairs.mutual, pairs.client.ca);
const wild = await tlsBackend("wild", pairs.wild);

let echo: EchoBackend;
let gateway: TestGateway;

const ON = { "ssl-passthrough": "true" };
const to = (name: string, path = "/") => ({ path, service: name, port: 80 });
const host = (name: string) => `${name}.example.com`;

beforeAll(async () => {
  echo = await startEcho({ name: "web" });
  gateway = await startTestGateway({
    settings: { sslPassthrough: true },
    manifests: {
      "services.yaml": yamlOf(
        ...service("pass", [{ port: passed.port }]),
        ...service("mutual", [{ port: mutual.port }]),
        ...service("wild", [{ port: wild.port }]),
        ...service("web", [{ port: echo.port }]),
        ...service("nobody", []),
        tlsSecret("ended", pairs.ended),
      ),
      "ingresses.yaml": yamlOf(
        ingress({ name: "pass", host: host("pass"), annotations: ON, paths: [to("pass")] }),
        ingress({ name: "mutual", host: host("mutual"), annotations: ON, paths: [to("mutual")] }),
        ingress({
          name: "void",
          host: host("void"),
          annotations: { ...ON, "backend-protocol": "HTTPS", "whitelist-source-range": "192.0.2.1" },
          paths: [to("pass"), to("nobody", "/web")],
          tls: [{ hosts: [host("void")], secretName: "ended" }],
        }),
        ingress({
          name: "plain",
          host: host("plain"),
          annotations: ON,
          paths: [to("web"), to("nobody", "/x")],
        }),
        ingress({ name: "rootless", host: host("rootless"), annotations: ON, paths: [to("pass", "/x")] }),
        ingress({ name: "unready", host: host("unready"), annotations: ON, paths: [to("nobody")] }),
        ingress({
          name: "old",
          host: host("shared"),
          annotations: ON,
          paths: [to("pass")],
          createdAt: "2024-01-01T00:00:00Z",
        }),
        ingress({
          name: "young",
          host: host("shared"),
          annotations: { "ssl-passthrough": "false" },
          paths: [to("wild", "/other")],
          createdAt: "2025-01-01T00:00:00Z",
        }),
        ingress({
          name: "first",
          host: host("kept"),
          annotations: { "ssl-passthrough": "false" },
          paths: [to("web")],
          createdAt: "2024-01-01T00:00:00Z",
        }),
        ingress({
          name: "second",
          host: host("kept"),
          annotations: ON,
          paths: [to("pass", "/other")],
          createdAt: "2025-01-01T00:00:00Z",
        }),
        ingress({
          name: "guard",
          host: host("guarded"),
          annotations: { "whitelist-source-range": "192.0.2.1" },
          paths: [to("web")],
          createdAt: "2024-01-01T00:00:00Z",
        }),
        ...service("pass", [{ port: passed.port }], "elsewhere"),
        ingress({
          name: "intruder",
          namespace: "elsewhere",
          host: host("guarded"),
          annotations: ON,
          paths: [to("pass")],
          createdAt: "2025-01-01T00:00:00Z",
        }),
        ingress({ name: "wild", host: "*.w.example.com", annotations: ON, paths: [to("wild")] }),
        ingress({ name: "inner", host: "inner.w.example.com", paths: [to("web")] }),
        ingress({
          name: "ended",
          host: host("ended"),
          paths: [to("web")],
          tls: [{ hosts: [host("ended")], secretName: "ended" }],
        }),
        ingress({
          name: "bad",
          host: host("bad"),
          annotations: { "ssl-passthrough": "yes" },
          paths: [to("web")],
        }),
        ingress({ name: "hostless", annotations: ON, paths: [to("web")] }),
      ),
    },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.kill();
  for (const server of [passed, mutual, wild]) server.close();
});

/** What the TLS server behind a name says it saw. */
async function opened(servername: string, client?: KeyPair): Promise<Opened> {
  const socket = connect({
    host: "127.0.0.1",
    port: gateway.httpsPort,
    servername,
    rejectUnauthorized: false,
    ...(client && { cert: client.chain, key: client.key }),
  });
  try {
    // With TLS 1.3 a refused client is told so after its side of the handshake is done.
    const ended = once(socket, "close").then(() => Promise.reject(new Error("closed")));
    const [line] = await Promise.race([once(socket, "data"), ended]);
    ended.catch(() => {});
    return JSON.parse(String(line));
  } finally {
    socket.destroy();
  }
}

function findings(name: string) {
  return gateway.gateway.gateways
    .diagnostics()
    .filter(({ origin }) => origin?.object.name === name)
    .map(({ severity, code, value }) => `${severity} ${code} ${value}`)
    .sort();
}

describe("TLS that is passed on", () => {
  it.each([
    ["pass.example.com", "backend-of-pass", "pass"],
    ["PASS.example.com", "backend-of-pass", "pass"],
    ["void.example.com", "backend-of-pass", "pass"],
    ["shared.example.com", "backend-of-pass", "pass"],
    ["one.w.example.com", "backend-of-wild", "wild"],
  ])("%s shows the certificate %s", async (servername, certificate, backend) => {
    expect((await handshake(gateway.httpsPort, servername)).name).toBe(certificate);
    expect(await opened(servername)).toEqual({
      name: backend,
      sni: servername.toLowerCase() === servername ? servername : expect.any(String),
      authorized: false,
    });
  });

  it("no younger Ingress of another namespace passes on the TLS of a host, whose protection that would void", async () => {
    expect((await handshake(gateway.httpsPort, host("guarded"))).name).not.toBe("backend-of-pass");
    expect((await gateway.request({ host: host("guarded"), https: true })).status).toBe(403);
  });

  it("openssl sees the backend's own certificate", async () => {
    const args = ["s_client", "-connect", `127.0.0.1:${gateway.httpsPort}`, "-servername", host("pass")];
    const child = promisify(execFile)("openssl", args);
    child.child.stdin?.end();
    expect((await child).stdout).toMatch(/subject=CN ?= ?backend-of-pass/);
  });

  it("a client certificate reaches the backend, which refuses who has none", async () => {
    expect(await opened(host("mutual"), pairs.client)).toEqual({
      name: "mutual",
      sni: host("mutual"),
      client: "somebody",
      authorized: true,
    });
    await expect(opened(host("mutual"))).rejects.toThrow();
    await expect(opened(host("mutual"), pairs.ended)).rejects.toThrow();
  });

  it("other hosts see what they saw", async () => {
    expect((await handshake(gateway.httpsPort, host("ended"))).name).toBe(host("ended"));
    for (const name of [host("kept"), host("bad"), "inner.w.example.com"]) {
      const response = await gateway.request({ host: name, https: true });
      expect([name, response.seen().backend]).toEqual([name, "web"]);
    }
  });

  it.each([
    ["no rule for /", host("rootless")],
    ["no ready endpoint", host("unready")],
    ["deeper than the wildcard", "a.b.w.example.com"],
  ])("%s: the connection is closed", async (_, name) => {
    await expect(handshake(gateway.httpsPort, name)).rejects.toThrow();
  });

  it.each([
    [host("pass"), ""],
    [host("pass"), host("ended")],
    [host("pass"), host("unknown")],
    ["one.w.example.com", "inner.w.example.com"],
    [host("ended"), "inner.w.example.com"],
  ])("%s on a connection for %j gets 421", async (name, servername) => {
    expect((await gateway.request({ host: name, servername, https: true })).status).toBe(421);
  });
});

describe("plain HTTP", () => {
  it("is routed as for any host", async () => {
    expect((await gateway.request({ host: host("plain") })).seen().backend).toBe("web");
    expect((await gateway.request({ host: host("plain"), path: "/x" })).status).toBe(503);
  });

  it("is redirected where `tls` names the host", async () => {
    const { status, headers } = await gateway.request({ host: host("void") });
    expect([status, headers.location]).toEqual([308, `https://${host("void")}/`]);
  });
});

describe("reports", () => {
  it.each([
    ["pass", []],
    [
      "void",
      [
        expect.stringMatching(
          /^warning passthrough-overrides the certificate of Secret default\/ended, the path \/web, mse.*backend-protocol, mse.*whitelist-source-range$/,
        ),
      ],
    ],
    [
      "rootless",
      [`error passthrough-closed ${host("rootless")}`, "warning passthrough-overrides the path /x"],
    ],
    ["young", ["warning annotation-overruled false", "warning passthrough-overrides the path /other"]],
    ["second", ["warning annotation-overruled true"]],
    ["bad", ["warning annotation-value yes"]],
    ["hostless", ["warning annotation-no-effect *"]],
  ])("%s", (name, found) => {
    expect(findings(name)).toEqual(found);
  });
});

describe("explain", () => {
  const text = (url: string, sni?: string) =>
    renderExplanation(
      explain({ method: "GET", url, headers: [], ...(sni !== undefined && { sni }) }, gateway.gateway.view),
    );

  it("says where TLS is passed on to", () => {
    const shown = text(`https://${host("pass")}/x`);
    expect(shown).toContain("pass the TLS connection on to default/pass/80/passthrough");
    expect(shown).toContain(`127.0.0.1:${passed.port}  healthy`);
    expect(shown).toContain("the backend's own");
    expect(text("https://one.w.example.com/")).toContain("default/wild/80/passthrough");
    expect(text("https://inner.w.example.com/")).toContain("forward to default/web/80");
    expect(text(`http://${host("plain")}/`)).toContain("forward to default/web/80");
  });

  it("says why a connection is closed, or not for the host", () => {
    expect(text(`https://${host("rootless")}/`)).toContain(
      "connection closed: no rule of the host has the path /",
    );
    expect(text("https://a.b.w.example.com/")).toContain("stands for exactly one label");
    expect(text(`https://${host("unready")}/`)).toContain("connection closed: it has no ready endpoint");
    expect(text(`https://${host("pass")}/`, host("ended"))).toContain("421");
  });
});

it("ssl-passthrough has no effect while the operator has not allowed it, reported", async () => {
  await using closed = await startTestGateway({
    manifests: {
      "world.yaml": yamlOf(
        ...service("web", [{ port: echo.port }]),
        ingress({ name: "off", host: host("pass"), annotations: ON, paths: [to("web")] }),
      ),
    },
  });
  const response = await closed.request({ host: host("pass"), https: true });
  expect(response.seen().backend).toBe("web");
  expect(closed.gateway.gateways.diagnostics()).toMatchObject([
    { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/ssl-passthrough" },
  ]);
});

describe("a host that comes and goes", () => {
  it("leaves the long connections of other hosts alone", async () => {
    const brief = await startTestGateway({
      settings: { sslPassthrough: true },
      drainSeconds: 1,
      manifests: {
        "world.yaml": yamlOf(
          ...service("pass", [{ port: passed.port }]),
          ...service("web", [{ port: echo.port }]),
          tlsSecret("ended", pairs.ended),
          ingress({ name: "pass", host: host("pass"), annotations: ON, paths: [to("pass")] }),
          ingress({
            name: "ended",
            host: host("ended"),
            paths: [to("web")],
            tls: [{ hosts: [host("ended")], secretName: "ended" }],
          }),
          ingress({ name: "web", host: host("web"), paths: [to("web")] }),
        ),
      },
    });
    await using _brief = brief;
    const talk = async (socket: TLSSocket, text: string) => {
      socket.write(text);
      expect(String((await once(socket, "data"))[0])).toContain(text);
    };
    const open = async (name: string): Promise<TLSSocket> => {
      const socket = connect({
        host: "127.0.0.1",
        port: brief.httpsPort,
        servername: name,
        rejectUnauthorized: false,
      });
      await once(socket, "data");
      return socket;
    };
    /** A request on a connection whose TLS the gateway ends; what comes first is its answer. */
    const get = async (socket: TLSSocket, name: string): Promise<void> => {
      socket.write(`GET / HTTP/1.1\r\nhost: ${name}\r\n\r\n`);
      expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1.1 200 /);
    };
    const kept = await open(host("pass"));
    const ended = await Promise.all(
      [host("ended"), host("web")].map(async (name) => {
        const socket = connect({
          host: "127.0.0.1",
          port: brief.httpsPort,
          servername: name,
          rejectUnauthorized: false,
        });
        await get(socket, name);
        return { socket, name };
      }),
    );
    const target = { port: brief.httpPort, host: host("web"), pauseMs: 5 };
    const plain = [http1KeepAlive({ ...target, count: 4 }), webSockets({ ...target, count: 2 })];
    await brief.apply(
      "more.yaml",
      yamlOf(ingress({ name: "more", host: host("more"), annotations: ON, paths: [to("pass")] })),
    );
    const gone = await open(host("more"));
    const closed = once(gone, "close");
    gone.on("error", () => {});
    await brief.remove("more.yaml");
    // The chain that left has drained by then, and with it its connection.
    await closed;
    await talk(kept, "still here");
    for (const { socket, name } of ended) await get(socket, name);
    for (const socket of [kept, ...ended.map((each) => each.socket)]) socket.destroy();
    for (const load of plain) expect(await load.stop()).toMatchObject({ failures: [], closed: 0 });
  });
});
