import type { Origin, TlsChain, VirtualHost } from "@sluice/model";

/** Groups hosts by the certificate that they serve. */
export interface TlsChains {
  /** Says what a host has come to; true if that moves it to, from or between chains. */
  set(host: string, virtualHost: VirtualHost | undefined): boolean;
  /** The chains as they are, sorted by certificate. */
  current(): readonly TlsChain[];
}

export function createTlsChains(): TlsChains {
  const certificateOf = new Map<string, string>();
  const hostsOf = new Map<string, Set<string>>();

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

  return {
    set(host, virtualHost) {
      const before = certificateOf.get(host);
      const after = virtualHost?.certificate;
      if (before === after) return false;
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
          origins: [secretOrigin(certificate)],
        })),
  };
}

function secretOrigin(certificate: string): Origin {
  const slash = certificate.indexOf("/");
  return {
    object: { kind: "Secret", namespace: certificate.slice(0, slash), name: certificate.slice(slash + 1) },
  };
}
