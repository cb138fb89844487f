import { connect, createServer, type Server, type Socket } from "node:net";
import { joinSockets } from "../../src/relay.ts";
import {
  clusterAddress,
  type Service,
  type ServicePort,
  type ServiceState,
  slicesByService,
  type Target,
  targetsOf,
} from "./service-objects.ts";

/** Passes connections to Services on to their endpoints, as the first kube-proxies did: in a process, TCP only. */
export interface ServiceProxy {
  /** Listens where it must now, and no longer elsewhere. Connections that there are go on, whatever changes. */
  update(state: ServiceState): void;
  close(): void;
}

interface Listener {
  readonly server: Server;
  targets: readonly Target[];
  keepsSource: boolean;
}

export function createServiceProxy(): ServiceProxy {
  const listeners = new Map<string, Listener>();
  const sockets = new Set<Socket>();

  const listen = (wanted: Wanted): Listener => {
    let turn = 0;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (incoming) => {
      sockets.add(incoming);
      // One that fails is closed as well.
      incoming.on("error", () => {});
      incoming.once("close", () => sockets.delete(incoming));
      const { targets, keepsSource } = listener;
      const from = turn++ % targets.length;
      forward(incoming, [...targets.slice(from), ...targets.slice(0, from)], keepsSource);
    });
    const listener: Listener = { server, targets: wanted.targets, keepsSource: wanted.keepsSource };
    server.on("error", (error) =>
      console.error(`node agent: ${wanted.host}:${wanted.port}: ${error.message}`),
    );
    server.listen(wanted.port, wanted.host);
    return listener;
  };
  const update = (state: ServiceState): void => {
    const wanted = new Map(wantedListeners(state).map((each) => [`${each.host}:${each.port}`, each]));
    for (const [key, { server }] of listeners) {
      if (wanted.has(key)) continue;
      server.close();
      listeners.delete(key);
    }
    for (const [key, each] of wanted) {
      const listener = listeners.get(key);
      if (listener === undefined) listeners.set(key, listen(each));
      else Object.assign(listener, { targets: each.targets, keepsSource: each.keepsSource });
    }
  };
  return {
    update,
    close() {
      update({ services: new Map(), slices: new Map() });
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Wanted extends Target {
  readonly targets: readonly Target[];
  readonly keepsSource: boolean;
}

/** Without an endpoint nobody listens, so that clients are refused, as kube-proxy does. */
function wantedListeners({ services, slices }: ServiceState): readonly Wanted[] {
  const byService = slicesByService(slices.values());
  return [...services].flatMap(([key, service]) =>
    (service.spec.ports ?? []).flatMap((port) => {
      const targets = targetsOf(byService.get(key) ?? [], port);
      if (targets.length === 0 || (port.protocol ?? "TCP") !== "TCP") return [];
      return addressesOf(service, port).map((each) => ({ ...each, targets }));
    }),
  );
}

function addressesOf(service: Service, { port }: ServicePort): readonly Omit<Wanted, "targets">[] {
  const inside = clusterAddress(service);
  const ingress = service.spec.type === "LoadBalancer" ? (service.status?.loadBalancer?.ingress ?? []) : [];
  const keepsSource = service.spec.externalTrafficPolicy === "Local";
  return [
    ...(inside === undefined ? [] : [{ host: inside, port, keepsSource: true }]),
    ...ingress.flatMap(({ ip }) => (ip === undefined ? [] : [{ host: ip, port, keepsSource }])),
  ];
}

/** Tries one target after the other; with none left the client is reset. */
function forward(incoming: Socket, targets: readonly Target[], keepsSource: boolean): void {
  const [target, ...others] = targets;
  if (target === undefined) {
    incoming.resetAndDestroy();
    return;
  }
  const source = keepsSource ? incoming.remoteAddress : undefined;
  const outgoing = connect({ ...target, allowHalfOpen: true, ...(source && { localAddress: source }) });
  const onError = (error: NodeJS.ErrnoException): void => {
    // The address of a client in a Pod's own network cannot be taken; it is seen as the node.
    if (error.code === "EADDRNOTAVAIL" && source) forward(incoming, targets, false);
    else forward(incoming, others, keepsSource);
  };
  outgoing.once("error", onError);
  outgoing.once("connect", () => {
    outgoing.off("error", onError);
    joinSockets(incoming, outgoing);
  });
}
