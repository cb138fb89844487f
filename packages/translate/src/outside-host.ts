import { isIP, isIPv4 } from "node:net";
import { isForbiddenAddress, isForbiddenName, isHostName, type NameLookup } from "@sluice/dns";
import type { Diagnostic, DiagnosticCode, LoadAssignmentEndpoint } from "@sluice/model";

/** What is wrong with a host outside the cluster; who is to be told is the caller's to add. */
export type OutsideFinding = Omit<Diagnostic, "origin">;

/** What stands behind a host outside the cluster. */
export interface OutsideEndpoints {
  /** Allowed addresses alone. */
  readonly endpoints: readonly LoadAssignmentEndpoint[];
  readonly findings: readonly OutsideFinding[];
  /** The name has been asked for and there is no word of it yet: better to wait than to call it empty. */
  readonly isPending?: boolean;
}

/** Who leads the gateway to the host, for findings. */
export interface OutsideSubject {
  /** `the Service demo/db`. */
  readonly who: string;
  /** What it means that there is no endpoint: `its routes answer 503`. */
  readonly loss: string;
  readonly key?: string;
  /** Codes of the findings. */
  readonly refused: DiagnosticCode;
  readonly unresolved: DiagnosticCode;
}

/**
 * The addresses that a host outside the cluster stands for at the moment. The name and each of its addresses, whenever
 * they change, are held against what the gateway must not connect to: whoever may name a host, or answers for it in
 * DNS, would otherwise reach through the gateway what trusts its machine. `dns` absent: nothing is asked for.
 */
export function outsideEndpoints(
  host: string,
  port: number,
  subject: OutsideSubject,
  dns: NameLookup | undefined,
): OutsideEndpoints {
  const nothing = (finding: OutsideFinding): OutsideEndpoints => ({ endpoints: [], findings: [finding] });
  if (isIP(host) !== 0) return allowed(port, [host], subject);
  if (!isHostName(host)) return nothing(malformed(host, subject));
  if (isForbiddenName(host)) return nothing(forbiddenName(host, subject));
  if (dns === undefined) return nothing(notAsked(host, subject));
  const found = dns.lookup(host);
  if (found === undefined) return { endpoints: [], findings: [], isPending: true };
  const { endpoints, findings } = allowed(port, found.addresses, subject);
  return {
    endpoints,
    findings: [
      ...findings,
      ...(found.fault === undefined ? [] : [unresolved(host, found.fault, subject, endpoints.length > 0)]),
    ],
  };
}

/** IPv4 if there is any: a gateway may have no IPv6 route, and would lose the share of an endpoint out of reach. */
function allowed(port: number, addresses: readonly string[], subject: OutsideSubject): OutsideEndpoints {
  const usable = addresses.filter((address) => !isForbiddenAddress(address));
  const four = usable.filter((address) => isIPv4(address));
  const chosen = four.length > 0 ? four : usable;
  return {
    endpoints: chosen.map((address) => ({ address, port, health: "healthy" })),
    findings: addresses
      .filter((address) => isForbiddenAddress(address))
      .map((address) => forbiddenAddress(address, subject, chosen.length > 0)),
  };
}

function about({ key }: OutsideSubject, value: string): Pick<OutsideFinding, "key" | "value"> {
  return { ...(key !== undefined && { key }), value };
}

function malformed(host: string, subject: OutsideSubject): OutsideFinding {
  return {
    code: subject.refused,
    severity: "warning",
    ...about(subject, host),
    message: `${start(subject)} has an external name that is no name: ${subject.loss}.`,
    expected: "a DNS name or an IP address",
  };
}

function forbiddenName(host: string, subject: OutsideSubject): OutsideFinding {
  return {
    code: subject.refused,
    severity: "warning",
    ...about(subject, host),
    message: `${start(subject)} leads to ${host}, to which the gateway must not connect: ${subject.loss}.`,
    expected: "a name that is neither this machine nor a cloud's metadata service",
  };
}

function forbiddenAddress(address: string, subject: OutsideSubject, isServed: boolean): OutsideFinding {
  return {
    code: subject.refused,
    severity: "warning",
    ...about(subject, address),
    message: `${start(subject)} leads to ${address}, to which the gateway must not connect: ${
      isServed ? "it is left out" : subject.loss
    }.`,
    expected:
      "addresses that are not loopback, link-local, multicast, reserved, or a cloud's metadata service",
  };
}

function notAsked(host: string, subject: OutsideSubject): OutsideFinding {
  return {
    code: subject.unresolved,
    severity: "info",
    ...about(subject, host),
    message: `The name ${host} of ${subject.who} is not resolved here: only a running gateway asks DNS.`,
  };
}

function unresolved(host: string, fault: string, subject: OutsideSubject, isServed: boolean): OutsideFinding {
  return {
    code: subject.unresolved,
    severity: "warning",
    ...about(subject, host),
    message: `The name ${host} of ${subject.who} cannot be resolved, because ${fault}: ${
      isServed ? "its last addresses stay" : subject.loss
    }.`,
    expected: "a name that DNS can resolve",
  };
}

function start({ who }: OutsideSubject): string {
  return `${who.charAt(0).toUpperCase()}${who.slice(1)}`;
}
