import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCertificate } from "../support/certificate.ts";
import { http1KeepAlive, http2Streams, type Load, webSockets } from "../support/load.ts";
import { ingress, service, tlsSecret, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const HOST = "live.example.com";
const CHANGES = 300;

let gateway: TestGateway;
let backends: EchoBackend[];
type KeyPair = Awaited<ReturnType<typeof testCertificate>>;
let pairs: KeyPair[];

const slices = (present: readonly EchoBackend[]) =>
  service(
    "echo",
    present.map(({ port }) => ({ port })),
  );

beforeAll(async () => {
  backends = await Promise.all(["a", "b", "c", "d"].map((name) => startEcho({ name })));
  pairs = await Promise.all([testCertificate(HOST), testCertificate(HOST)]);
  gateway = await startTestGateway({
    manifests: {
      "services.yaml": yamlOf(...slices(backends)),
      "live.yaml": yamlOf(liveIngress(0)),
      "secret.yaml": yamlOf(tlsSecret("live", pair(0))),
    },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all((backends ?? []).map((backend) => backend.kill()));
});

function pair(index: number): KeyPair {
  const found = pairs[index % pairs.length];
  if (found === undefined) throw new Error("no key pair was made");
  return found;
}

/** The Ingress under load: its timeout and a header change, `/` stays. */
function liveIngress(n: number): object {
  return ingress({
    name: "live",
    host: HOST,
    annotations: {
      "ssl-redirect": "false",
      timeout: `${60 + (n % 5)}`,
      "response-header-control-update": `x-change ${n}`,
    },
    tls: [{ hosts: [HOST], secretName: "live" }],
  });
}

/** Ten kinds of changes in turn. */
async function change(n: number): Promise<void> {
  switch (n % 10) {
    case 0:
    case 5:
      return gateway.apply("live.yaml", yamlOf(liveIngress(n)));
    case 1:
      return gateway.apply(
        "canary.yaml",
        yamlOf(
          ingress({
            name: "live-canary",
            host: HOST,
            annotations: { canary: "true", "canary-weight": `${n % 100}` },
          }),
        ),
      );
    case 2:
      return gateway.apply("secret.yaml", yamlOf(tlsSecret("live", pair(n))));
    case 3:
    case 7:
      // One endpoint goes and comes back; those with open streams keep them.
      return gateway.apply("services.yaml", yamlOf(...slices(backends.filter((_, i) => i !== n % 4))));
    case 4:
    case 8:
      return gateway.apply("services.yaml", yamlOf(...slices(backends)));
    case 6:
      return gateway.apply("other.yaml", yamlOf(ingress({ name: "other", host: `other-${n}.example.com` })));
    default:
      return gateway.apply(
        "paths.yaml",
        yamlOf(ingress({ name: "paths", host: HOST, paths: [{ path: `/path-${n}`, service: "echo" }] })),
      );
  }
}

describe("hot update", () => {
  it(`keeps every connection through ${CHANGES} changes, without a failed request`, async () => {
    const http = { port: gateway.httpPort, host: HOST, pauseMs: 10 };
    const loads: Record<string, Load> = {
      "HTTP/1.1": http1KeepAlive({ ...http, count: 64, pauseMs: 40 }),
      "HTTP/2": http2Streams({ ...http, port: gateway.httpsPort, count: 16, pauseMs: 40 }),
      WebSocket: webSockets({ ...http, count: 8 }),
    };
    for (let n = 0; n < CHANGES; n++) await change(n);
    // The canary has headers of its own.
    await gateway.remove("canary.yaml");
    const response = await gateway.request({ host: HOST });
    expect(response.headers["x-change"]).toBe(`${CHANGES - 5}`);
    for (const [kind, running] of Object.entries(loads)) {
      const { requests, failures, closed } = await running.stop();
      expect({ kind, failures: failures.slice(0, 5), closed }).toEqual({ kind, failures: [], closed: 0 });
      expect(requests, kind).toBeGreaterThan(100);
    }
  });
});
