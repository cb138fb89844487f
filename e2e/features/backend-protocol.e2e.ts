import { afterAll, describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { testCertificate } from "../support/certificate.ts";
import { http2Request, http2Session } from "../support/http2.ts";
import { ingress, service } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const pair = await testCertificate("backend.test");

/** Value, the backend's kind, and what it then sees over http. */
const CASES = [
  { name: "none", value: undefined, backend: "plain", version: "1.1", alpn: undefined },
  { name: "http", value: "HTTP", backend: "plain", version: "1.1", alpn: undefined },
  { name: "http2", value: "HTTP2", backend: "plain", version: "2.0", alpn: undefined },
  { name: "grpc", value: "grpc", backend: "plain", version: "2.0", alpn: undefined },
  { name: "https", value: "HTTPS", backend: "tls", version: "1.1", alpn: "http/1.1" },
  { name: "grpcs", value: "GRPCS", backend: "tls", version: "2.0", alpn: "h2" },
] as const;

const BAD = ["FCGI", "AJP", "h2c", "$scheme"];

const shared = useGateway({
  backends: ["plain", { name: "tls", tls: { cert: pair.chain, key: pair.key } }],
  objects: ({ get }) => [
    ...CASES.flatMap(({ name, value, backend }) => [
      ...service(name, [{ port: get(backend).port }]),
      ingress({
        name,
        host: `${name}.example.com`,
        ...(value === undefined ? {} : { annotations: { "backend-protocol": value } }),
        paths: [{ path: "/", service: name }],
      }),
    ]),
    ...BAD.flatMap((value, n) => [
      ...service(`bad${n}`, [{ port: get("plain").port }]),
      ingress({
        name: `bad${n}`,
        host: `bad${n}.example.com`,
        annotations: { "backend-protocol": value },
        paths: [{ path: "/", service: `bad${n}` }],
      }),
    ]),
    // The annotation beats the port's appProtocol; a bad one does too.
    ...(["HTTP", "FCGI", ""] as const).flatMap((value, n) => [
      ...service(`port${n}`, [{ port: get("plain").port }]).map((object) =>
        "spec" in object
          ? {
              ...object,
              spec: { ports: [{ name: "http", port: 80, appProtocol: "kubernetes.io/h2c" }] },
            }
          : object,
      ),
      ingress({
        name: `port${n}`,
        host: `port${n}.example.com`,
        annotations: { "backend-protocol": value },
        paths: [{ path: "/", service: `port${n}` }],
      }),
    ]),
    // Two endpoints of one Service that differ in what they speak, to tell the two clusters of AUTO_HTTP apart.
    ...service("auto", [{ port: get("plain").port }]),
    ...service("auto-tls", [{ port: get("tls").port }]),
    ...["auto", "auto-tls"].map((name) =>
      ingress({
        name,
        host: `${name}.example.com`,
        annotations: { "backend-protocol": "AUTO_HTTP" },
        paths: [{ path: "/", service: name }],
      }),
    ),
  ],
});

const session = () => http2Session({ port: shared.gateway.httpPort });
const open: ReturnType<typeof session>[] = [];
afterAll(() => {
  for (const each of open) each.destroy();
});

describe("backend-protocol", () => {
  it.each(CASES)("$value: HTTP/$version, ALPN $alpn", async ({ name, version, alpn }) => {
    const response = await shared.send({ host: `${name}.example.com`, method: "POST", body: "hello" });
    const seen = response.seen();
    expect([response.status, seen.httpVersion, seen.body]).toEqual([200, version, "hello"]);
    expect(seen.tls?.alpn).toBe(alpn);
    // No SNI unless proxy-ssl-server-name says so.
    if (alpn !== undefined) expect(seen.tls?.servername).toBe("");
    expect(shared.diagnostics(name)).toEqual([]);
  });

  it.each(["grpc", "grpcs"])("%s: a call with its trailers", async (name) => {
    const client = session();
    open.push(client);
    const frame = Buffer.from([0, 0, 0, 0, 2, 8, 1]).toString("latin1");
    const answer = await http2Request(
      client,
      {
        ":method": "POST",
        ":path": "/pkg.Service/Method",
        ":authority": `${name}.example.com`,
        "content-type": "application/grpc",
        te: "trailers",
      },
      frame,
    );
    expect([answer.status, answer.body, answer.trailers["grpc-status"]]).toEqual([200, frame, "0"]);
  });

  it("AUTO_HTTP: what the client speaks", async () => {
    const plain = await shared.send({ host: "auto.example.com" });
    expect([plain.status, plain.seen().tls]).toEqual([200, undefined]);
    const secure = await shared.send({ host: "auto-tls.example.com", https: true });
    expect([secure.status, secure.seen().tls?.alpn]).toEqual([200, "http/1.1"]);
    // Crosswise neither is understood.
    expect((await shared.send({ host: "auto.example.com", https: true })).status).toBe(503);
    expect((await shared.send({ host: "auto-tls.example.com" })).status).toBe(503);
  });

  it.each(BAD.map((value, n) => [value, n] as const))("%s is HTTP, reported", async (value, n) => {
    expectIgnored(shared, `bad${n}`, "backend-protocol", value);
    const seen = (await shared.send({ host: `bad${n}.example.com` })).seen();
    expect([seen.httpVersion, seen.tls]).toEqual(["1.1", undefined]);
  });

  it.each([
    ["HTTP", "1.1"],
    ["FCGI", "1.1"],
    ["nothing", "2.0"],
  ])("%s on a port whose appProtocol is h2c: HTTP/%s", async (value, version) => {
    const n = ["HTTP", "FCGI", "nothing"].indexOf(value);
    expect((await shared.send({ host: `port${n}.example.com` })).seen().httpVersion).toBe(version);
  });
});
