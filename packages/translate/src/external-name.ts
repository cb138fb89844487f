import { isIP, isIPv4 } from "node:net";
import { isForbiddenAddress, isForbiddenName, isHostName, type NameLookup } from "@sluice/dns";
import type { BackendTarget, Diagnostic, LoadAssignmentEndpoint, Service } from "@sluice/model";
import { servicePort } from "./service-port.ts";

/** What is wrong with a Service of type ExternalName; who is to be told is the caller's to add. */
export type ExternalNameFinding = Omit<Diagnostic, "origin">;

/** What stands behind a Service of type ExternalName. */
export interface ExternalEndpoints {
  /** Allowed addresses alone. */
  readonly endpoints: readonly LoadAssignmentEndpoint[];
  readonly findings: readonly ExternalNameFinding[];
  /** The name has been asked for and there is no word of it yet: better to wait than to call it empty. */
  readonly isPending?: boolean;
}

/**
 * The port of an external Service: that of its list, by name or number. The list is no more than a comment in this
 * type of Service, so a number that it does not have is taken as it stands, as ingress-nginx does; a `targetPort` that
 * is a name belongs to a container, and there is none.
 */
export function externalPort(service: Service, target: BackendTarget): number | undefined {
  const listed = servicePort(service, target);
  if (listed !== undefined) return typeof listed.targetPort === "number" ? listed.targetPort : listed.port;
  return target.port !== "first" && "number" in target.port ? target.port.number : undefined;
}

/**
 * The addresses that a Service's external name stands for at the moment. The name and each of its addresses, whenever
 * they change, are held against what the gateway must not connect to: whoever may write a Service, or answers for the
 * name in DNS, would otherwise reach through the gateway what trusts its machine. `dns` absent: nothing is asked for.
 */
export function externalEndpoints(
  service: Service,
  port: number,
  dns: NameLookup | undefined,
): ExternalEndpoints {
  const where = `${service.metadata.namespace}/${service.metadata.name}`;
  const name = service.spec.externalName ?? "";
  const about = { key: "spec.externalName", value: name };
  const nothing = (finding: ExternalNameFinding): ExternalEndpoints => ({
    endpoints: [],
    findings: [{ ...about, ...finding }],
  });
  if (isIP(name) !== 0) return allowed(where, port, [name]);
  if (!isHostName(name)) return nothing(malformed(where));
  if (isForbiddenName(name)) return nothing(forbiddenName(where, name));
  if (dns === undefined) return nothing(notAsked(where, name));
  const found = dns.lookup(name);
  if (found === undefined) return { endpoints: [], findings: [], isPending: true };
  const { endpoints, findings } = allowed(where, port, found.addresses);
  return {
    endpoints,
    findings: [
      ...findings,
      ...(found.fault === undefined
        ? []
        : [{ ...about, ...unresolved(where, name, found.fault, endpoints.length > 0) }]),
    ],
  };
}

/** IPv4 if there is any: a gateway may have no IPv6 route, and would lose the share of an endpoint out of reach. */
function allowed(where: string, port: number, addresses: readonly string[]): ExternalEndpoints {
  const usable = addresses.filter((address) => !isForbiddenAddress(address));
  const four = usable.filter((address) => isIPv4(address));
  const chosen = four.length > 0 ? four : usable;
  return {
    endpoints: chosen.map((address) => ({ address, port, health: "healthy" })),
    findings: addresses
      .filter((address) => isForbiddenAddress(address))
      .map((address) => forbiddenAddress(where, address, chosen.length > 0)),
  };
}

function malformed(where: string): ExternalNameFinding {
  return {
    code: "service-external-name",
    severity: "warning",
    message: `The Service ${where} has an externalName that is no name: its routes answer 503.`,
    expected: "a DNS name or an IP address",
  };
}

function forbiddenName(where: string, name: string): ExternalNameFinding {
  return {
    code: "service-external-name",
    severity: "warning",
    message: `The Service ${where} leads to ${name}, to which the gateway must not connect: its routes answer 503.`,
    expected: "a name that is neither this machine nor a cloud's metadata service",
  };
}

function forbiddenAddress(where: string, address: string, isServed: boolean): ExternalNameFinding {
  return {
    code: "service-external-name",
    severity: "warning",
    key: "spec.externalName",
    value: address,
    message: `The Service ${where} leads to ${address}, to which the gateway must not connect: ${
      isServed ? "it is left out" : "its routes answer 503"
    }.`,
    expected:
      "addresses that are not loopback, link-local, multicast, reserved, or a cloud's metadata service",
  };
}

function notAsked(where: string, name: string): ExternalNameFinding {
  return {
    code: "service-name-unresolved",
    severity: "info",
    message: `The name ${name} of the Service ${where} is not resolved here: only a running gateway asks DNS.`,
  };
}

function unresolved(where: string, name: string, fault: string, isServed: boolean): ExternalNameFinding {
  return {
    code: "service-name-unresolved",
    severity: "warning",
    message: `The name ${name} of the Service ${where} cannot be resolved, because ${fault}: ${
      isServed ? "its last addresses stay" : "its routes answer 503"
    }.`,
    expected: "a name that DNS can resolve",
  };
}
