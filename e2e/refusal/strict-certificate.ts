import { X509Certificate } from "node:crypto";
import { type KeyPair, selfSigned } from "../support/certificate.ts";

/**
 * A certificate that OpenSSL, and so our checks, read, but Envoy's BoringSSL does not: it has extensions, and yet says
 * that it is of version 1, which has none.
 */
export async function strictlyBroken(...hosts: string[]): Promise<KeyPair> {
  const { chain, key } = await selfSigned(hosts);
  const der = Buffer.from(new X509Certificate(chain).raw);
  const version3 = Buffer.from([0xa0, 0x03, 0x02, 0x01, 0x02]);
  der[der.indexOf(version3) + version3.length - 1] = 0;
  return { chain: new X509Certificate(der).toString(), key };
}
