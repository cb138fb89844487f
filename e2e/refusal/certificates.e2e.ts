import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type KeyPair, selfSigned } from "../support/certificate.ts";
import { ingress, service, tlsSecret, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { strictlyBroken } from "./strict-certificate.ts";
import { quarantined, refusals } from "./support.ts";

/** A certificate that only Envoy finds fault with. */

const HOST = "shop.example.com";
const WWW = "www.shop.example.com";
const OTHER = "other.example.com";

let gateway: TestGateway;
let echo: EchoBackend;
let first: KeyPair;

const host = (name: string, pair: KeyPair) =>
  yamlOf(
    tlsSecret(name, pair),
    ingress({
      name,
      host: name,
      tls: [{ hosts: [name], secretName: name }],
      paths: [{ path: "/", service: "echo" }],
    }),
  );

beforeAll(async () => {
  echo = await startEcho({ name: "echo" });
  first = await selfSigned([HOST, WWW]);
  gateway = await startTestGateway({
    manifests: {
      "echo.yaml": yamlOf(...service("echo", [{ port: echo.port }])),
      "shop.yaml": host(HOST, first),
    },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.kill();
});

/** The fingerprint of the certificate that is served for a host. */
async function served(servername: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({
    host: "127.0.0.1",
    port: gateway.httpsPort,
    servername,
    rejectUnauthorized: false,
  });
  socket.on("error", reject);
  socket.on("secureConnect", () => resolve(socket.getPeerCertificate().fingerprint256));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

const fingerprint = ({ chain }: KeyPair): string => new X509Certificate(chain).fingerprint256;

it("is not served, and the last accepted one stays", async () => {
  await gateway.apply("shop.yaml", host(HOST, await strictlyBroken(HOST, WWW)));
  expect(quarantined(gateway)).toEqual([HOST]);
  expect(refusals(gateway)[HOST]).toMatch(/^Envoy refused what \S+ asks for: \S/);
  expect(await served(HOST)).toBe(fingerprint(first));
});

it("is not taken by a filter chain that comes later", async () => {
  const www = ingress({ name: WWW, host: WWW, tls: [{ hosts: [WWW], secretName: HOST }] });
  await gateway.apply("www.yaml", yamlOf(www));
  expect(await served(WWW)).toBe(fingerprint(first));
  expect(await served(HOST)).toBe(fingerprint(first));
});

it("holds up no other certificate", async () => {
  const other = await selfSigned([OTHER]);
  await gateway.apply("other.yaml", host(OTHER, other));
  expect(await served(OTHER)).toBe(fingerprint(other));
  expect(await served(HOST)).toBe(fingerprint(first));
});

it("is forgotten once the Secret is mended", async () => {
  const second = await selfSigned([HOST, WWW]);
  await gateway.apply("shop.yaml", host(HOST, second));
  expect(quarantined(gateway)).toEqual([]);
  expect(refusals(gateway)).toEqual({});
  expect(await served(HOST)).toBe(fingerprint(second));
});

it("leaves a new host on the default certificate until it is mended", async () => {
  const name = "new.example.com";
  await gateway.apply("new.yaml", host(name, await strictlyBroken(name)));
  expect(quarantined(gateway)).toEqual([name]);
  expect((await gateway.request({ host: name, https: true })).status).toBe(200);
  const mended = await selfSigned([name]);
  await gateway.apply("new.yaml", host(name, mended));
  expect(await served(name)).toBe(fingerprint(mended));
});
