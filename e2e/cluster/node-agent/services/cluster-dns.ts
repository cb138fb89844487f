import DNS from "dns2";
import { clusterAddress, type ServiceState, slicesByService } from "./service-objects.ts";

const { Packet } = DNS;
const ZONE = ".cluster.local";
/** Seconds; as CoreDNS's plugin for Kubernetes has it. */
const TTL = 5;

/** What a name means. */
export interface NameAnswer {
  readonly addresses: readonly string[];
  readonly alias?: string;
}

/**
 * Answers for `NAME.NAMESPACE.svc`, with or without `.cluster.local`, by the DNS specification of Kubernetes
 * (github.com/kubernetes/dns, docs/specification.md): the address of a Service, the endpoints of a headless one, also each
 * by its host name, and the alias of an ExternalName. Undefined: there is no such name.
 */
export function resolveService(question: string, { services, slices }: ServiceState): NameAnswer | undefined {
  const name = question.toLowerCase().replace(/\.$/, "");
  const labels = (name.endsWith(ZONE) ? name.slice(0, -ZONE.length) : name).split(".");
  const [kind, namespace, service, host, ...more] = labels.reverse();
  if (kind !== "svc" || more.length > 0) return undefined;
  const key = `${namespace}/${service}`;
  const found = services.get(key);
  if (found === undefined) return undefined;
  const { externalName, publishNotReadyAddresses = false } = found.spec;
  const address = clusterAddress(found);
  if (host === undefined && found.spec.type === "ExternalName" && externalName !== undefined)
    return { addresses: [], alias: externalName };
  if (address !== undefined) return host === undefined ? { addresses: [address] } : undefined;
  const endpoints = (slicesByService(slices.values()).get(key) ?? [])
    .flatMap((slice) => slice.endpoints ?? [])
    .filter(({ conditions }) => publishNotReadyAddresses || conditions.ready !== false)
    .filter(({ hostname }) => host === undefined || hostname === host);
  if (host !== undefined && endpoints.length === 0) return undefined;
  return { addresses: endpoints.flatMap(({ addresses }) => addresses) };
}

/** The cluster's DNS, over UDP and TCP on port 53 of an address; names of elsewhere do not exist. */
export async function startClusterDns(
  address: string,
  state: () => ServiceState,
): Promise<{ close(): Promise<void> }> {
  const server = DNS.createServer({
    udp: true,
    tcp: true,
    handle: (request, respond) => {
      const answer = Packet.createResponseFromRequest(request);
      const [question] = request.questions;
      const found = question && resolveService(question.name, state());
      if (question && found) answer.answers.push(...records(question, found));
      else answer.header.rcode = Packet.RCODE.NXDOMAIN;
      void respond(answer);
    },
  });
  const end = { address, port: 53 };
  await server.listen({ udp: end, tcp: end });
  return { close: async () => server.close() };
}

function records(
  { name, type }: { readonly name: string; readonly type: number },
  { addresses, alias }: NameAnswer,
): DNS.Packet.Resource[] {
  const common = { name, class: Packet.CLASS.IN, ttl: TTL };
  if (alias !== undefined) {
    return [new Packet.Resource({ ...common, type: Packet.TYPE.CNAME, domain: alias })];
  }
  if (type !== Packet.TYPE.A) return [];
  return addresses.map((address) => new Packet.Resource({ ...common, type: Packet.TYPE.A, address }));
}
