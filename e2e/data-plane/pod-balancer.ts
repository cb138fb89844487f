import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import type { KubeApi } from "../cluster/src/kube-api.ts";
import type { EndpointSlice } from "../cluster/src/objects.ts";
import { reflect } from "../cluster/src/reflect.ts";

/** A load balancer in front of the Pods of a Service: each new connection goes to the next one that is ready. */
export interface PodBalancer extends AsyncDisposable {
  readonly port: number;
  ready(): readonly string[];
}

/**
 * It does what kube-proxy does: it goes by the EndpointSlices as they come, and leaves connections that there are alone. It
 * takes connections to `targetPort` of the Pods.
 */
export async function startPodBalancer(
  api: KubeApi,
  service: { readonly namespace: string; readonly name: string },
  targetPort: number,
): Promise<PodBalancer> {
  const stopping = new AbortController();
  let ready: readonly string[] = [];
  let next = 0;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${service.namespace}/endpointslices`;
  const selector = `?labelSelector=kubernetes.io/service-name%3D${service.name}`;
  const follow = async (): Promise<void> => {
    for await (const slices of reflect<EndpointSlice>(api, path + selector, stopping.signal))
      ready = [...slices.values()].flatMap(({ endpoints }) =>
        (endpoints ?? [])
          .filter(({ conditions }) => conditions.ready === true)
          .flatMap(({ addresses }) => addresses),
      );
  };
  void follow();
  const server = createServer((client) => {
    const host = ready[next++ % Math.max(1, ready.length)];
    if (host === undefined) return void client.destroy();
    const pod = connect(targetPort, host);
    client.pipe(pod).pipe(client);
    client.on("error", () => pod.destroy()).on("close", () => pod.destroy());
    pod.on("error", () => client.destroy()).on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    // A server that listens on TCP has such an address.
    port: (server.address() as AddressInfo).port,
    ready: () => ready,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      server.close();
    },
  };
}
