import { EventEmitter, once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { testCertificate } from "../support/certificate.ts";
import { ingress, service } from "../support/manifests.ts";
import { expectShare } from "../support/shares.ts";
import { useGateway } from "../support/use-gateway.ts";

interface Copy {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Takes copies and, but for those whose path ends in /hang, answers them with an error. */
const copies = new EventEmitter<{ copy: [Copy] }>();
const recorder = createServer(async (request, response) => {
  const body = (await request.toArray()).join("");
  copies.emit("copy", { method: request.method, url: request.url, headers: request.headers, body });
  if (!request.url?.endsWith("/hang")) response.writeHead(500).end("not for the client");
});
await once(recorder.listen(0, "127.0.0.1"), "listening");
afterAll(() => {
  recorder.closeAllConnections();
  recorder.close();
});
// It listens on a port, so its address is of this kind.
const { port } = recorder.address() as AddressInfo;

const pair = await testCertificate("secure.test");

const URL_OF = "recorder.far.svc.cluster.local";

/** Annotations, the Host of the copy. */
const MIRRORED: readonly [annotations: Readonly<Record<string, string>>, host: (own: string) => string][] = [
  [{ "mirror-target-service": "near" }, (own) => `${own}-shadow`],
  [{ "mirror-target-service": "near:80" }, (own) => `${own}-shadow`],
  [{ "mirror-target-service": "far/recorder:8080" }, (own) => `${own}-shadow`],
  [{ "mirror-target-service": "near", "mirror-host": "copies.test" }, () => "copies.test"],
  [{ "mirror-target-fqdn": URL_OF, "mirror-target-fqdn-port": "8080" }, (own) => `${own}-shadow`],
  [{ "mirror-target": `http://${URL_OF}:8080/$request_uri` }, () => `${URL_OF}:8080`],
  [{ "mirror-target": `http://${URL_OF}:8080`, "mirror-host": "copies.test" }, () => "copies.test"],
];

const IGNORED: readonly [key: string, value: string][] = [
  ["mirror-target-service", "a/b/c"],
  ["mirror-target-service", "near:http"],
  ["mirror-target-fqdn", "$host"],
  ["mirror-target", `http://${URL_OF}/copy$request_uri`],
  ["mirror-target", "http://outside.example.com/copy$request_uri"],
  ["mirror-target", "ftp://outside.example.com"],
];

const SIDE: readonly [key: string, value: string][] = [
  ["mirror-percentage", "101"],
  ["mirror-percentage", "10%"],
  ["mirror-target-fqdn-port", "http"],
  ["mirror-host", "$host"],
  ["mirror-request-body", "no"],
];

const shared = useGateway({
  backends: ["web", { name: "secure", tls: { cert: pair.chain, key: pair.key } }, "counted"],
  objects: () => {
    const of = (name: string, annotations: Readonly<Record<string, string>>) =>
      ingress({ name, host: `${name}.example.com`, annotations, paths: [{ path: "/", service: "web" }] });
    return [
      ...service("near", [{ port }]),
      ...service("recorder", [{ port }], "far", 8080),
      ...MIRRORED.map(([annotations], n) => of(`m${n}`, annotations)),
      ...IGNORED.map(([key, value], n) => of(`ignored${n}`, { [key]: value })),
      ...SIDE.map(([key, value], n) => of(`side${n}`, { "mirror-target-service": "near", [key]: value })),
      of("body-off", { "mirror-target-service": "near", "mirror-request-body": "off" }),
      of("tenth", { "mirror-target-service": "counted", "mirror-percentage": "10" }),
      of("none", { "mirror-target-service": "counted", "mirror-percentage": "0" }),
      of("missing", { "mirror-target-service": "nobody" }),
      of("no-port", { "mirror-target-service": "near:81" }),
      of("alone", { "mirror-percentage": "10" }),
      of("secure", { "mirror-target": "https://secure.default.svc:80" }),
    ];
  },
});

/** Sends a request and waits for its copy. */
async function copyOf(name: string, path = "/p?x=1"): Promise<Copy> {
  const copied = once(copies, "copy");
  const response = await shared.send({
    host: `${name}.example.com`,
    path,
    method: "POST",
    headers: { "x-own": "1" },
    body: "payload",
  });
  expect([response.status, response.seen().backend]).toEqual([200, "web"]);
  // The only event that there is has one argument of this kind.
  const [copy] = (await copied) as [Copy];
  return copy;
}

describe("mirroring", () => {
  it.each(MIRRORED.map(([annotations, host], n) => ({ annotations, host, n })))(
    "$annotations",
    async ({ host, n }) => {
      const copy = await copyOf(`m${n}`);
      expect(copy).toMatchObject({
        method: "POST",
        url: "/p?x=1",
        body: "payload",
        headers: { host: host(`m${n}.example.com`), "x-own": "1" },
      });
      expect(shared.diagnostics(`m${n}`)).toEqual([]);
    },
  );

  it("a mirror that does not answer holds nothing up", async () => {
    expect((await copyOf("m0", "/hang")).url).toBe("/hang");
  });

  it("a share of the requests", async () => {
    const count = 1000;
    for (let n = 0; n < count; n += 50)
      await Promise.all(Array.from({ length: 50 }, () => shared.who({ host: "tenth.example.com" })));
    await shared.gateway.idle();
    expectShare(shared.get("counted").counts().requests, count, 0.1);
    const before = shared.get("counted").counts().requests;
    for (let n = 0; n < 20; n++) expect(await shared.who({ host: "none.example.com" })).toBe("web");
    expect(shared.get("counted").counts().requests).toBe(before);
  });

  it("over TLS, to an https URL", async () => {
    expect(await shared.who({ host: "secure.example.com" })).toBe("web");
    await expect.poll(() => shared.get("secure").counts().requests).toBe(1);
  });
});

describe("reports", () => {
  it.each(IGNORED.map(([key, value], n) => [key, value, n] as const))(
    "%s: %s mirrors nothing",
    async (key, value, n) => {
      expectIgnored(shared, `ignored${n}`, key, value);
      expect(await shared.who({ host: `ignored${n}.example.com` })).toBe("web");
    },
  );

  it.each(SIDE.map(([key, value], n) => [key, value, n] as const))(
    "%s: %s is ignored",
    async (key, value, n) => {
      expectIgnored(shared, `side${n}`, key, value);
      expect((await copyOf(`side${n}`)).headers.host).toBe(`side${n}.example.com-shadow`);
    },
  );

  it.each([
    ["body-off", "annotation-no-effect", "mirror-request-body"],
    ["missing", "service-missing", "mirror-target-service"],
    ["no-port", "service-port-missing", "mirror-target-service"],
    ["alone", "annotation-no-effect", "mirror-percentage"],
  ])("%s: %s", async (name, code, key) => {
    expect(shared.diagnostics(name)).toMatchObject([{ code, key: `mse.ingress.kubernetes.io/${key}` }]);
    expect(await shared.who({ host: `${name}.example.com` })).toBe("web");
  });
});
