import { describe, expect, it } from "vitest";
import { type KeyPair, selfSigned } from "../support/certificate.ts";
import { handshake } from "../support/handshake.ts";
import { http2Request, http2Session } from "../support/http2.ts";
import { ingress, tlsSecret, yamlOf } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOST = "rotates.example.com";
const DEFAULT = "Sluice default certificate";

let pairs: readonly KeyPair[] = [];

describe.each([{ stateOfTheWorld: false }, { stateOfTheWorld: true }])(
  "rotation, state of the world: $stateOfTheWorld",
  ({ stateOfTheWorld }) => {
    const shared = useGateway({
      backends: ["echo"],
      stateOfTheWorld,
      objects: async () => {
        const named = (commonName: string) => selfSigned([HOST], { commonName });
        pairs = await Promise.all(["first", "second", "third"].map(named));
        return [
          ingress({ name: "rotates", host: HOST, tls: [{ hosts: [HOST], secretName: "late" }] }),
          ingress({ name: "other", host: "other.example.com" }),
        ];
      },
    });
    const serve = (n: number): Promise<void> => {
      const pair = pairs[n];
      if (pair === undefined) throw new Error(`no pair ${n}`);
      return shared.gateway.apply("secret.yaml", yamlOf(tlsSecret("late", pair)));
    };
    const name = async () => (await handshake(shared.gateway.httpsPort, HOST)).name;

    it("new connections see the new certificate, and old ones stay", async () => {
      expect(await name()).toBe(DEFAULT);
      expect(shared.diagnostics("rotates")).toMatchObject([{ code: "certificate-missing" }]);

      await serve(0);
      expect(await name()).toBe("first");
      expect(shared.diagnostics("rotates")).toEqual([]);

      const session = http2Session({ port: shared.gateway.httpsPort, servername: HOST });
      const ask = async () => (await http2Request(session, { ":path": "/", ":authority": HOST })).status;
      expect(await ask()).toBe(200);
      let ended = false;
      session.on("goaway", () => {
        ended = true;
      });
      session.on("close", () => {
        ended = true;
      });
      for (const n of [1, 2, 0, 1]) {
        await serve(n);
        expect(await name()).toBe(["first", "second", "third"][n]);
        expect(await ask()).toBe(200);
      }
      expect(ended).toBe(false);
      session.destroy();
    });

    it("a Secret that turns bad is not served, and one that is mended is", async () => {
      await shared.gateway.apply("secret.yaml", yamlOf(tlsSecret("late", { chain: "x", key: "y" })));
      expect(await name()).toBe(DEFAULT);
      expect(shared.diagnostics("rotates")).toMatchObject([{ code: "certificate-invalid" }]);
      expect(await shared.who({ host: HOST, https: true })).toBe("echo");
      await serve(2);
      expect(await name()).toBe("third");
    });

    it("a Secret that goes leaves the default certificate", async () => {
      await shared.gateway.remove("secret.yaml");
      expect(await name()).toBe(DEFAULT);
      expect(await shared.who({ host: HOST, https: true })).toBe("echo");
      expect(await shared.who({ host: "other.example.com" })).toBe("echo");
    });
  },
);
