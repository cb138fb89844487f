import { startDnsServer, type TestDnsServer } from "@sluice/dns/testing";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import type { Diagnostic } from "@sluice/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { steadyGets } from "../support/load.ts";
import { ingress, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const HOST = "external.example.com";
const NAME = "db.example.net";
/** Addresses of pods, which the network namespace of these tests has on its loopback device. */
const ADDRESS = "10.244.3.1";
const OTHER_ADDRESS = "10.244.3.2";

let dns: TestDnsServer;
let echo: EchoBackend;
let other: EchoBackend;
/** Listens where no external name may lead: what must not be reached. */
let inside: EchoBackend;
let gateway: TestGateway;

beforeEach(async () => {
  dns = await startDnsServer({ [NAME]: { addresses: [ADDRESS] } });
  echo = await startEcho({ name: "echo", host: ADDRESS });
  other = await startEcho({ name: "other", host: OTHER_ADDRESS, port: echo.port });
  inside = await startEcho({ name: "inside", host: "127.0.0.1", port: echo.port });
});

afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([echo, other, inside].map((backend) => backend.kill()));
  await dns.close();
});

interface ServiceOptions {
  readonly name?: string;
  readonly externalName?: string;
  readonly ports?: readonly object[];
}

function external({ name = "external", externalName = NAME, ports }: ServiceOptions = {}): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { type: "ExternalName", externalName, ...(ports === undefined ? {} : { ports }) },
  };
}

interface StartOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly port?: number | string;
  readonly stateOfTheWorld?: boolean;
}

/** A gateway with one Ingress to the Service `external`, on the port that all backends listen on. */
async function start(service = external(), options: StartOptions = {}): Promise<void> {
  const { settings = { allowExternalName: true }, port = echo.port, stateOfTheWorld = false } = options;
  gateway = await startTestGateway({
    settings: { dnsResolver: dns.address, ...settings },
    stateOfTheWorld,
    manifests: {
      "service.yaml": yamlOf(service),
      "ingress.yaml": yamlOf(
        ingress({ name: "external", host: HOST, paths: [{ path: "/", service: "external", port }] }),
      ),
    },
  });
  await resolved();
}

/** Resolves when Envoy has what DNS said. */
async function resolved(): Promise<void> {
  await gateway.gateway.dns?.settled();
  await gateway.idle();
}

async function apply(service: object): Promise<void> {
  await gateway.apply("service.yaml", yamlOf(service));
  await resolved();
}

/** Resolves when what is known of a name has changed, and Envoy has it. */
async function changed(): Promise<void> {
  await new Promise<void>((done) => {
    const stop = gateway.gateway.dns?.onChanged(() => {
      stop?.();
      done();
    });
  });
  await gateway.idle();
}

/** The names of the backends that answer over some requests, or the status where none does. */
async function answers(): Promise<readonly (string | number)[]> {
  const found = new Set<string | number>();
  for (let count = 0; count < 10; count++) {
    const { status, headers } = await gateway.request({ host: HOST });
    const backend = headers["x-echo-backend"];
    found.add(typeof backend === "string" ? backend : status);
  }
  return [...found].sort();
}

function findings(): readonly Pick<Diagnostic, "code" | "severity" | "value">[] {
  return gateway.gateway.gateways
    .diagnostics()
    .filter(({ code }) => code.startsWith("service-"))
    .map(({ code, severity, value }) => ({ code, severity, ...(value === undefined ? {} : { value }) }));
}

const refused = (value: string) => ({ code: "service-external-name", severity: "warning", value });

describe("a Service of type ExternalName", () => {
  it("is off by default, and DNS is not asked", async () => {
    await start(external(), { settings: {} });
    expect(await answers()).toEqual([503]);
    expect(findings()).toEqual([refused("external")]);
    expect(dns.count(`${NAME} A`)).toBe(0);
  });

  it("is served where it is allowed, with the client's host", async () => {
    await start();
    const response = await gateway.request({ host: HOST });
    expect(response.seen()).toMatchObject({ backend: "echo", host: HOST });
    expect(findings()).toEqual([]);
  });

  it("is served on the port of its list that the rule names", async () => {
    const ports = [{ name: "web", port: 80, targetPort: echo.port }];
    await start(external({ ports }), { port: "web" });
    expect(await answers()).toEqual(["echo"]);
    await apply(external());
    expect(await answers()).toEqual([503]);
    expect(findings()).toEqual([{ code: "service-port-missing", severity: "warning", value: "web" }]);
  });

  it("is served at all its addresses", async () => {
    dns.set(NAME, { addresses: [ADDRESS, OTHER_ADDRESS] });
    await start();
    expect(await answers()).toEqual(["echo", "other"]);
  });

  it("is served at an address in place of a name", async () => {
    await start(external({ externalName: OTHER_ADDRESS }));
    expect(await answers()).toEqual(["other"]);
  });

  it("follows the name to another address, and the Service to another name", async () => {
    dns.set(NAME, { addresses: [ADDRESS], ttl: 0 });
    await start();
    expect(await answers()).toEqual(["echo"]);
    dns.set(NAME, { addresses: [OTHER_ADDRESS], ttl: 60 });
    await changed();
    expect(await answers()).toEqual(["other"]);
    dns.set("second.example.net", { addresses: [ADDRESS] });
    await apply(external({ externalName: "second.example.net" }));
    expect(await answers()).toEqual(["echo"]);
  });

  it("keeps its addresses when the DNS server dies", async () => {
    dns.set(NAME, { addresses: [ADDRESS], ttl: 0 });
    await start();
    const told = changed();
    await dns.close();
    await told;
    expect(await answers()).toEqual(["echo"]);
    expect(findings()).toEqual([{ code: "service-name-unresolved", severity: "warning", value: NAME }]);
  });

  it("answers 503 while there is no such name, and is served as soon as there is", async () => {
    dns.set(NAME);
    await start();
    expect(await answers()).toEqual([503]);
    expect(findings()).toEqual([{ code: "service-name-unresolved", severity: "warning", value: NAME }]);
    dns.set(NAME, { addresses: [ADDRESS] });
    await changed();
    expect(await answers()).toEqual(["echo"]);
    expect(findings()).toEqual([]);
  });

  it("loses no request when it takes the place of a Service with endpoints, however slow DNS is", async () => {
    await start(external({ externalName: ADDRESS }));
    dns.set("silent.example.net", { fault: "silent" });
    const asked = dns.asked("silent.example.net A");
    await gateway.apply("service.yaml", yamlOf(external({ externalName: "silent.example.net" })));
    await asked;
    expect(await answers()).toEqual(["echo"]);
    dns.set("silent.example.net", { addresses: [OTHER_ADDRESS] });
    await resolved();
    expect(await answers()).toEqual(["other"]);
  });

  it.each([
    ["delta", false],
    ["state of the world", true],
  ])("loses no request to a restart of the control plane, however slow DNS is: %s", async (_name, sotw) => {
    await start(external(), { stateOfTheWorld: sotw });
    const load = steadyGets({ port: gateway.httpPort, host: HOST, perSecond: 100 });
    await gateway.stopControlPlane();
    dns.set(NAME, { fault: "silent" });
    const asked = dns.asked(`${NAME} A`);
    await gateway.startControlPlane();
    await Promise.all([asked, gateway.gateway.ads.when((nodes) => nodes().length === 1)]);
    dns.set(NAME, { addresses: [ADDRESS] });
    await resolved();
    const { requests, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(10);
  });

  it("holds back no other host while its name is being resolved", async () => {
    await start();
    dns.set("silent.example.net", { fault: "silent" });
    const asked = dns.asked("silent.example.net A");
    const paths = (name: string) => [{ path: "/", service: name, port: echo.port }];
    const silent = external({ name: "silent", externalName: "silent.example.net" });
    await gateway.apply(
      "more.yaml",
      yamlOf(
        silent,
        external({ name: "direct", externalName: OTHER_ADDRESS }),
        ingress({ name: "silent", host: "silent.example.com", paths: paths("silent") }),
        ingress({ name: "direct", host: "direct.example.com", paths: paths("direct") }),
      ),
    );
    await asked;
    expect((await gateway.request({ host: "direct.example.com" })).seen().backend).toBe("other");
    expect((await gateway.request({ host: "silent.example.com" })).status).toBe(404);
    dns.set("silent.example.net", { addresses: [ADDRESS] });
    await resolved();
    expect((await gateway.request({ host: "silent.example.com" })).seen().backend).toBe("echo");
  });
});

describe("what no name may lead to", () => {
  const addresses = [
    ["loopback", "127.0.0.1"],
    ["loopback, another address", "127.8.8.8"],
    ["this machine", "0.0.0.0"],
    ["link-local", "169.254.7.7"],
    ["metadata", "169.254.169.254"],
    ["metadata of Alibaba Cloud", "100.100.100.200"],
    ["loopback", "::1"],
    ["loopback mapped to IPv6", "::ffff:127.0.0.1"],
    ["loopback behind NAT64", "64:ff9b::7f00:1"],
    ["metadata of AWS", "fd00:ec2::254"],
  ] as const;

  it("is refused, address by address: alone it is 503, beside a good one it is left out", async () => {
    await start();
    for (const [index, [, address]] of addresses.entries()) {
      const name = `bad-${index}.example.net`;
      dns.set(name, { addresses: [address] });
      await apply(external({ externalName: name }));
      expect(await answers(), address).toEqual([503]);
      expect(
        findings().map(({ code }) => code),
        address,
      ).toEqual(["service-external-name"]);
      if (address.includes(":")) continue;
      dns.set(`mixed-${name}`, { addresses: [address, ADDRESS] });
      await apply(external({ externalName: `mixed-${name}` }));
      expect(await answers(), address).toEqual(["echo"]);
      expect(findings(), address).toEqual([refused(address)]);
    }
    expect(inside.counts().requests).toBe(0);
  });

  it.each([
    ...addresses.map(([, address]) => address),
    "localhost",
    "a.localhost",
    "127.1",
    "metadata.google.internal",
  ])("is refused when the Service says it itself: %s", async (externalName) => {
    dns.set(externalName, { addresses: ["127.0.0.1"] });
    await start(external({ externalName }));
    expect(await answers()).toEqual([503]);
    expect(findings()).toEqual([refused(externalName)]);
    expect(dns.count(`${externalName} A`)).toBe(0);
    expect(inside.counts().requests).toBe(0);
  });

  it("is refused when a name that was good turns to it", async () => {
    dns.set(NAME, { addresses: [ADDRESS], ttl: 0 });
    await start();
    expect(await answers()).toEqual(["echo"]);
    dns.set(NAME, { addresses: ["127.0.0.1"] });
    await changed();
    expect(await answers()).toEqual([503]);
    expect(findings()).toEqual([refused("127.0.0.1")]);
    expect(inside.counts().requests).toBe(0);
  });
});
