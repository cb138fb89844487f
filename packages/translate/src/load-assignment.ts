import { isIP } from "node:net";
import type {
  Endpoint,
  EndpointSlice,
  Endpoints,
  LoadAssignmentEndpoint,
  Service,
  ServicePort,
} from "@sluice/model";

/** An endpoint with what is needed to choose among them. */
interface Candidate extends LoadAssignmentEndpoint {
  readonly podName?: string;
  readonly ready: boolean;
}

export interface EndpointsInput {
  readonly service: Service;
  readonly port: ServicePort;
  readonly slices: readonly EndpointSlice[];
  /** Used only when there is no slice. */
  readonly endpoints: Endpoints | undefined;
  /** Set for a subset: whether the pod of that name belongs to it; undefined is an endpoint without a pod. */
  readonly selectPod?: (podName: string | undefined) => boolean;
}

export interface EndpointsResult {
  /** Sorted by address, then port; each pair once. */
  readonly endpoints: readonly LoadAssignmentEndpoint[];
  /** True if a subset has no ready pod, so that all pods serve. */
  readonly subsetEmpty: boolean;
  /** Addresses that cannot be used. */
  readonly invalid: readonly string[];
}

/**
 * The endpoints of one Service port. Ready ones serve. One that terminates but still serves is draining: it keeps
 * what it has. Only when no ready one is left does it take new requests, as kube-proxy does.
 */
export function serviceEndpoints(input: EndpointsInput): EndpointsResult {
  const invalid: string[] = [];
  const all =
    input.slices.length > 0
      ? input.slices.flatMap((slice) => sliceCandidates(slice, input.port, invalid))
      : legacyCandidates(input.endpoints, input.port, invalid);
  const { selectPod } = input;
  const subset = selectPod === undefined ? all : all.filter(({ podName }) => selectPod(podName));
  const subsetEmpty = selectPod !== undefined && !subset.some(({ ready }) => ready);
  const chosen = subsetEmpty ? all : subset;
  const anyReady = chosen.some(({ ready }) => ready);
  const unique = new Map<string, LoadAssignmentEndpoint>();
  for (const { address, port, zone, ready } of chosen) {
    const key = `${address} ${port}`;
    // A slice in hand-over can list an address twice, once as ready.
    if (unique.get(key)?.health === "healthy") continue;
    unique.set(key, {
      address,
      port,
      health: ready || !anyReady ? "healthy" : "draining",
      ...(zone === undefined ? {} : { zone }),
    });
  }
  const endpoints = [...unique.values()].sort(byAddress);
  return { endpoints, subsetEmpty, invalid };
}

function byAddress(a: LoadAssignmentEndpoint, b: LoadAssignmentEndpoint): number {
  return a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port;
}

function sliceCandidates(slice: EndpointSlice, port: ServicePort, invalid: string[]): Candidate[] {
  // An endpoint port has the name of the Service port; a Service with one port may leave both without.
  const number = slice.ports.find((each) => (each.name ?? "") === (port.name ?? ""))?.port;
  if (number === undefined) return [];
  return slice.endpoints.flatMap((endpoint) => sliceCandidate(endpoint, number, invalid));
}

function sliceCandidate(endpoint: Endpoint, port: number, invalid: string[]): Candidate[] {
  const { ready, serving, terminating } = endpoint.conditions;
  if (!ready && !(serving && terminating)) return [];
  // The addresses of one endpoint are fungible; Kubernetes' own consumers take the first.
  const [address] = endpoint.addresses;
  if (address === undefined) return [];
  if (isIP(address) === 0) {
    invalid.push(address);
    return [];
  }
  return [
    {
      address,
      port,
      ready,
      health: "healthy",
      ...(endpoint.zone === undefined ? {} : { zone: endpoint.zone }),
      ...(endpoint.podName === undefined ? {} : { podName: endpoint.podName }),
    },
  ];
}

function legacyCandidates(
  endpoints: Endpoints | undefined,
  port: ServicePort,
  invalid: string[],
): Candidate[] {
  return (endpoints?.subsets ?? []).flatMap((subset) => {
    const number = subset.ports.find((each) => (each.name ?? "") === (port.name ?? ""))?.port;
    if (number === undefined) return [];
    return subset.addresses.flatMap(({ ip, podName }): Candidate[] => {
      if (isIP(ip) === 0) {
        invalid.push(ip);
        return [];
      }
      return [
        {
          address: ip,
          port: number,
          ready: true,
          health: "healthy",
          ...(podName === undefined ? {} : { podName }),
        },
      ];
    });
  });
}
