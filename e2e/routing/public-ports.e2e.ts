import { expect, it } from "vitest";
import { selfSigned } from "../support/certificate.ts";
import { ingress, tlsSecret } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

/** Ports of a Service in front, that clients know and Envoy does not. */

const HOST = "web.example.com";
const PORT_HOST = "port.example.com";

const shared = useGateway({
  backends: ["echo"],
  settings: { publicHttpPort: 80, publicHttpsPort: 4443 },
  objects: async () => [
    tlsSecret("tls", await selfSigned([HOST, PORT_HOST])),
    ingress({
      name: "web",
      host: HOST,
      tls: [{ hosts: [HOST], secretName: "tls" }],
      annotations: { "ssl-redirect": "false" },
    }),
    ingress({
      name: "port",
      host: PORT_HOST,
      tls: [{ hosts: [PORT_HOST], secretName: "tls" }],
      annotations: { "use-port-in-redirects": "true" },
    }),
  ],
});

it.each([
  [false, "80"],
  [true, "4443"],
])("backends learn the port that the client has used (https: %s)", async (https, port) => {
  const answer = await shared.send({ host: HOST, https });
  expect(answer.seen().headers).toMatchObject({ "x-forwarded-port": port });
});

it("redirects name it", async () => {
  const { status, headers } = await shared.send({ host: PORT_HOST, path: "/a" });
  expect([status, headers.location]).toEqual([308, `https://${PORT_HOST}:4443/a`]);
});
