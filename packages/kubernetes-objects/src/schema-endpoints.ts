import { z } from "zod";
import { compact } from "./compact.ts";
import { list, optional, port, portOrName, stringMap, withDefault } from "./schema-basics.ts";

const servicePort = z
  .object({
    name: optional(z.string()),
    port,
    targetPort: optional(portOrName),
    protocol: withDefault(z.string(), "TCP"),
    appProtocol: optional(z.string()),
  })
  .transform(({ targetPort, ...rest }) => ({ ...compact(rest), targetPort: targetPort ?? rest.port }));

/** `spec` of a Service. */
export const serviceSpec = z
  .object({
    type: withDefault(z.string(), "ClusterIP"),
    clusterIP: optional(z.string()),
    externalName: optional(z.string()),
    selector: stringMap,
    ports: list(servicePort),
  })
  .transform((value) => compact(value));

const endpointPort = z
  .object({
    name: optional(z.string()),
    port: optional(port),
    protocol: withDefault(z.string(), "TCP"),
    appProtocol: optional(z.string()),
  })
  .transform((value) => compact(value));

const targetRef = optional(z.object({ kind: optional(z.string()), name: optional(z.string()) }));
type TargetRef = z.infer<typeof targetRef>;

function podName(target: TargetRef): string | undefined {
  return target?.kind === "Pod" ? target.name : undefined;
}

const flag = optional(z.boolean());
const conditions = optional(z.object({ ready: flag, serving: flag, terminating: flag })).transform(
  (given) => {
    // "A nil value should be interpreted as true" (ready); serving is like ready without regard to terminating.
    const ready = given?.ready ?? true;
    return { ready, serving: given?.serving ?? ready, terminating: given?.terminating ?? false };
  },
);

const endpoint = z
  .object({
    addresses: list(z.string()),
    conditions,
    nodeName: optional(z.string()),
    zone: optional(z.string()),
    /** Of `discovery.k8s.io/v1beta1`, in place of nodeName and zone. */
    topology: stringMap,
    targetRef,
  })
  .transform(({ targetRef: target, topology, ...rest }) =>
    compact({
      ...rest,
      nodeName: rest.nodeName ?? topology["kubernetes.io/hostname"],
      zone: rest.zone ?? topology["topology.kubernetes.io/zone"],
      podName: podName(target),
    }),
  );

/** An EndpointSlice, apart from its metadata. */
export const endpointSlice = z.object({
  addressType: withDefault(z.string(), "IPv4"),
  endpoints: list(endpoint),
  ports: list(endpointPort),
});

const address = z
  .object({ ip: z.string(), nodeName: optional(z.string()), targetRef })
  .transform(({ targetRef: target, ...rest }) => compact({ ...rest, podName: podName(target) }));

/** An Endpoints object, apart from its metadata. */
export const endpoints = z.object({
  subsets: list(
    z.object({ addresses: list(address), notReadyAddresses: list(address), ports: list(endpointPort) }),
  ),
});

/** A Pod, apart from its metadata. */
export const pod = z.object({
  status: optional(z.object({ podIP: optional(z.string()), podIPs: list(z.object({ ip: z.string() })) })),
});
