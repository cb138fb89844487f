import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { TLSSocket } from "node:tls";
import { startDnsServer, type TestDnsServer } from "@sluice/dns/testing";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { explain, renderExplanation } from "@sluice/explain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCertificate } from "../support/certificate.ts";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const NAME = "copies.example.net";
/** An address of a pod, which the network namespace of these tests has on its loopback device. */
const ADDRESS = "10.244.3.1";

interface Copy {
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly body: string;
  /** Of TLS: the name that the client sent, false if none. */
  readonly sni?: unknown;
}

const copies = new EventEmitter<{ copy: [Copy] }>();

async function record(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await request.toArray()).join("");
  const { socket, url } = request;
  copies.emit("copy", {
    url,
    host: request.headers.host,
    body,
    ...(socket instanceof TLSSocket && { sni: socket.servername }),
  });
  response.writeHead(500).end("not for the client");
}

const own = await testCertificate("nobody.test");
const plain = createServer(record);
const secure = createHttpsServer({ cert: own.chain, key: own.key }, record);
/** Takes connections and never answers. */
const silent = createTcpServer();
/** Listens where no name may lead. */
const inside = createServer(record);
const servers: readonly Server[] = [plain, secure, silent, inside];

let dns: TestDnsServer;
let echo: EchoBackend;
let gateway: TestGateway;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  for (const server of [plain, secure, silent]) await once(server.listen(0, ADDRESS), "listening");
  await once(inside.listen(portOf(plain), "127.0.0.1"), "listening");
  dns = await startDnsServer({
    [NAME]: { addresses: [ADDRESS] },
    "mixed.example.net": { addresses: ["127.0.0.1", ADDRESS] },
    "inside.example.net": { addresses: ["127.0.0.1", "169.254.169.254"] },
    "broken.example.net": { fault: "servfail" },
  });
  echo = await startEcho({ name: "web" });
  const of = (name: string, annotations: Readonly<Record<string, string>>) =>
    ingress({ name, host: `${name}.example.com`, annotations, paths: [{ path: "/", service: "web" }] });
  const fqdn = (host: string, port = portOf(plain)) => ({
    "mirror-target-fqdn": host,
    "mirror-target-fqdn-port": `${port}`,
  });
  gateway = await startTestGateway({
    settings: { dnsResolver: dns.address },
    manifests: {
      "world.yaml": yamlOf(
        ...service("web", [{ port: echo.port }]),
        of("fqdn", fqdn(NAME)),
        of("wins", { ...fqdn(NAME), "mirror-target-service": "web" }),
        of("address", fqdn(ADDRESS)),
        of("named", { ...fqdn(NAME), "mirror-host": "other.test" }),
        of("url", { "mirror-target": `http://${NAME}:${portOf(plain)}/$request_uri` }),
        of("mixed", fqdn("mixed.example.net")),
        of("https", { "mirror-target": `https://${NAME}:${portOf(secure)}$request_uri` }),
        of("https-address", { "mirror-target": `https://${ADDRESS}:${portOf(secure)}` }),
        of("silent", fqdn(NAME, portOf(silent))),
        of("dead", fqdn(ADDRESS, 9)),
        of("broken", fqdn("broken.example.net")),
        of("unknown", fqdn("unknown.example.net")),
        of("inside", fqdn("inside.example.net")),
        of("metadata", fqdn("169.254.169.254")),
        of("localhost", fqdn("localhost")),
        of("number", fqdn("0x7f000001")),
      ),
    },
  });
  await gateway.gateway.dns?.settled();
  await gateway.idle();
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.kill();
  for (const server of servers) server.close();
  for (const server of [plain, secure, inside]) server.closeAllConnections();
  await dns?.close();
});

async function send(name: string) {
  const response = await gateway.request({
    host: `${name}.example.com`,
    path: "/p?x=1",
    method: "POST",
    body: "payload",
  });
  expect([response.status, response.headers["x-echo-backend"]]).toEqual([200, "web"]);
}

function findings(name: string) {
  return gateway.gateway.gateways
    .diagnostics()
    .filter(({ origin }) => origin?.object.name === name)
    .map(({ severity, code, value }) => `${severity} ${code} ${value}`);
}

describe("a host outside the cluster gets copies", () => {
  it.each([
    ["fqdn", "fqdn.example.com-shadow", undefined],
    ["wins", "wins.example.com-shadow", undefined],
    ["address", "address.example.com-shadow", undefined],
    ["mixed", "mixed.example.com-shadow", undefined],
    ["named", "other.test", undefined],
    ["url", `${NAME}:PLAIN`, undefined],
    ["https", `${NAME}:SECURE`, NAME],
    ["https-address", `${ADDRESS}:SECURE`, false],
  ])("%s", async (name, host, sni) => {
    const copied = once(copies, "copy");
    await send(name);
    // The only event that there is has one argument of this kind.
    const [copy] = (await copied) as [Copy];
    const ports = { PLAIN: portOf(plain), SECURE: portOf(secure) };
    expect(copy).toEqual({
      url: "/p?x=1",
      body: "payload",
      host: host.replace(/PLAIN|SECURE/, (which) => `${ports[which === "PLAIN" ? "PLAIN" : "SECURE"]}`),
      ...(sni !== undefined && { sni }),
    });
  });

  it("what is left out or beaten is reported", async () => {
    expect(findings("mixed")).toEqual(["warning host-refused 127.0.0.1"]);
    expect(findings("fqdn")).toEqual([]);
    expect(findings("wins")).toEqual(["warning annotation-no-effect web"]);
  });
});

describe("a mirror that gets nothing holds no request up", () => {
  it.each([
    ["silent", []],
    ["dead", []],
    ["broken", ["warning host-unresolved broken.example.net"]],
    ["unknown", ["warning host-unresolved unknown.example.net"]],
    ["inside", ["warning host-refused 127.0.0.1", "warning host-refused 169.254.169.254"]],
    ["metadata", ["warning host-refused 169.254.169.254"]],
    ["localhost", ["warning host-refused localhost"]],
    ["number", ["warning host-refused 0x7f000001"]],
  ])("%s", async (name, found) => {
    const seen: Copy[] = [];
    const listen = (copy: Copy) => seen.push(copy);
    copies.on("copy", listen);
    for (let count = 0; count < 5; count++) await send(name);
    // Copies of one client's requests come in order, so what came before this one has come.
    const copied = once(copies, "copy");
    await send("fqdn");
    await copied;
    copies.off("copy", listen);
    expect(seen.map(({ host }) => host)).toEqual(["fqdn.example.com-shadow"]);
    expect(findings(name)).toEqual(found);
  });
});

describe("explain", () => {
  const text = (name: string) =>
    renderExplanation(
      explain({ method: "GET", url: `http://${name}.example.com/`, headers: [] }, gateway.gateway.view),
    );

  it("shows where copies go", () => {
    expect(text("https")).toContain(`_outside/${NAME}/${portOf(secure)}/https  (host ${NAME}, port`);
    expect(text("https")).toContain(`${ADDRESS}:${portOf(secure)}  healthy`);
    expect(text("https")).toContain(`with host ${NAME}:${portOf(secure)}`);
  });

  it("says why there are none", () => {
    expect(text("inside")).toContain("no copies: it has no ready endpoint");
  });
});
