import { isDeepStrictEqual } from "node:util";
import {
  DEFAULT_CERTIFICATE,
  type Origin,
  type Passthrough,
  type PassthroughChain,
  type TlsChain,
  type VirtualHost,
} from "@sluice/model";

/** Groups hosts by the certificate that they serve. */
export interface TlsChains {
  /** Says what a host has come to; true if that moves it to, from or between chains. */
  set(host: string, virtualHost: VirtualHost | undefined): boolean;
  /** The chains as they are, sorted by certificate. */
  current(): readonly TlsChain[];
  /** The hosts whose TLS is passed on, sorted. */
  passthroughs(): readonly PassthroughChain[];
}

export function createTlsChains(): TlsChains {
  const certificateOf = new Map<string, string>();
  const hostsOf = new Map<string, Set<string>>();
  const passed = new Map<string, Passthrough>();

  const leave = (certificate: string, host: string): void => {
    const hosts = hostsOf.get(certificate);
    hosts?.delete(host);
    if (hosts?.size === 0) hostsOf.delete(certificate);
  };
  const join = (certificate: string, host: string): void => {
    const hosts = hostsOf.get(certificate);
    if (hosts === undefined) hostsOf.set(certificate, new Set([host]));
    else hosts.add(host);
  };

  const pass = (host: string, after: Passthrough | undefined): boolean => {
    if (isDeepStrictEqual(passed.get(host), after)) return false;
    if (after === undefined) passed.delete(host);
    else passed.set(host, after);
    return true;
  };

  return {
    set(host, virtualHost) {
      const isPassed = pass(host, virtualHost?.passthrough);
      const before = certificateOf.get(host);
      const after = virtualHost?.certificate;
      if (before === after) return isPassed;
      if (before !== undefined) leave(before, host);
      if (after === undefined) certificateOf.delete(host);
      else {
        certificateOf.set(host, after);
        join(after, host);
      }
      return true;
    },
    current: () =>
      [...hostsOf]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([certificate, hosts]) => ({
          certificate,
          hosts: [...hosts].sort(),
          origins: certificate === DEFAULT_CERTIFICATE ? [] : [secretOrigin(certificate)],
        })),
    passthroughs: () =>
      [...passed]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([host, { backend, origins }]) => ({
          host,
          ...(backend !== undefined && { cluster: backend.name }),
          origins,
        })),
  };
}

function secretOrigin(certificate: string): Origin {
  const slash = certificate.indexOf("/");
  return {
    object: { kind: "Secret", namespace: certificate.slice(0, slash), name: certificate.slice(slash + 1) },
  };
}
