import { isDeepStrictEqual } from "node:util";
import {
  chainOfHost,
  DEFAULT_CERTIFICATE,
  type HostTls,
  type Origin,
  type Passthrough,
  type PassthroughChain,
  type TlsChain,
  type VirtualHost,
} from "@sluice/model";

/** Groups hosts by the certificate that they serve, and by their TLS policy. */
export interface TlsChains {
  /** Says what a host has come to; true if that moves it to, from or between chains. */
  set(host: string, virtualHost: VirtualHost | undefined): boolean;
  /** The chains as they are, sorted by name. */
  current(): readonly TlsChain[];
  /** The hosts whose TLS is passed on, sorted. */
  passthroughs(): readonly PassthroughChain[];
}

interface Chain {
  readonly certificate: string;
  readonly tls?: HostTls;
  readonly hosts: Set<string>;
}

export function createTlsChains(): TlsChains {
  const chainOf = new Map<string, string>();
  const chains = new Map<string, Chain>();
  const passed = new Map<string, Passthrough>();

  const leave = (name: string, host: string): void => {
    const chain = chains.get(name);
    chain?.hosts.delete(host);
    if (chain?.hosts.size === 0) chains.delete(name);
  };
  const join = (name: string, host: string, { certificate = "", tls }: VirtualHost): void => {
    const chain = chains.get(name);
    if (chain === undefined)
      chains.set(name, { certificate, ...(tls !== undefined && { tls }), hosts: new Set([host]) });
    else chain.hosts.add(host);
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
      const before = chainOf.get(host);
      const after = virtualHost === undefined ? undefined : chainOfHost(virtualHost);
      if (before === after) return isPassed;
      if (before !== undefined) leave(before, host);
      if (after === undefined || virtualHost === undefined) chainOf.delete(host);
      else {
        chainOf.set(host, after);
        join(after, host, virtualHost);
      }
      return true;
    },
    current: () =>
      [...chains]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { hosts, ...chain }]) => ({
          name,
          ...chain,
          hosts: [...hosts].sort(),
          origins: chain.certificate === DEFAULT_CERTIFICATE ? [] : [secretOrigin(chain.certificate)],
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
