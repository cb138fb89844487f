import type { AdsServer } from "@sluice/ads";
import type { Acceptance, DataPlane, ManagedGateway } from "@sluice/data-plane";
import { dataPlane } from "@sluice/mse-ingress-config";
import type { Store } from "@sluice/store";
import { ownNamespace } from "../config/own-namespace.ts";
import type { Settings } from "../config/settings.ts";
import type { Defined } from "../gateway/definitions.ts";
import type { Gateways } from "../gateway/gateways.ts";
import { withKubeConfig } from "../gateway/kubernetes-source.ts";
import type { XdsTls } from "../gateway/xds-tls.ts";
import type { Logger } from "../logging/logger.ts";
import { type ListeningNodes, listeningNodes } from "../status/listening.ts";

/** The Envoys of managed gateways: their objects, their status, and how they reach the control plane. */
export interface Fleets {
  /** What a MseIngressConfig has come to; `undefined`: it is gone. */
  defined(name: string, defined: Defined | undefined): void;
  /** To be called once there are both. Nothing is written before. */
  attach(parts: AttachedParts): void;
  /** A node has come, gone, accepted or refused something; or who leads has changed. */
  touch(gateway?: string): void;
  close(): Promise<void>;
}

export interface AttachedParts {
  readonly gateways: Pick<Gateways, "get">;
  readonly ads: Pick<AdsServer, "holders">;
}

export interface FleetsOptions {
  readonly settings: Settings;
  readonly store: Store;
  readonly logger: Logger;
  /** How they reach the control plane. Absent: they do not. */
  readonly xdsTls: Pick<XdsTls, "identity"> | undefined;
  readonly isLeader: () => boolean;
  /** The nodes of a gateway that are connected to other replicas. */
  readonly peers: (gateway: string) => ListeningNodes;
}

const XDS_PORT = 15010;
/**
 * Starts to mind the fleets of `--managed`. Only where xDS is served over mutual TLS there are fleets; without it Envoys are
 * somebody else's. Throws an OperatorError for a kubeconfig that cannot be used.
 */
export async function startFleets(options: FleetsOptions): Promise<Fleets | undefined> {
  const { settings, store, logger, xdsTls, isLeader, peers } = options;
  if (!settings.managed || !settings.kube || xdsTls === undefined) return undefined;
  const { identity } = xdsTls;
  const namespace = ownNamespace(settings);
  const xdsServerName = `sluice-controller.${namespace}.svc`;
  const xdsAddress = settings.xdsPublicAddress ?? `${xdsServerName}:${XDS_PORT}`;
  // Loaded when it is needed: the client has thousands of generated files, which cost a second.
  const { createKubeApi } = await import("@sluice/kubernetes-api");
  const { startDataPlane } = await import("@sluice/data-plane");
  const api = await withKubeConfig(settings, (load) => createKubeApi(load));
  const known = new Map<string, ManagedGateway>();
  let parts: AttachedParts | undefined;
  let fleets: DataPlane | undefined;
  const stopListening = identity.onChange(() => fleets?.touchAll());

  return {
    defined(name, defined) {
      const managed = defined && managedGateway(defined, known.get(name));
      if (managed === undefined) {
        known.delete(name);
        fleets?.delete(name);
      } else {
        known.set(name, managed);
        fleets?.set(managed);
      }
    },
    attach(attached) {
      parts = attached;
      fleets = startDataPlane({
        api,
        settings: {
          namespace,
          image: settings.envoyImage,
          xdsAddress,
          xdsServerName,
          settleSeconds: settings.settleSeconds,
        },
        issuer: identity,
        acceptance: (gateway) => acceptanceOf(gateway, { parts, store, peers }),
        isLeader,
        log: logger,
      });
      for (const managed of known.values()) fleets.set(managed);
      // Where there are no Envoys, nothing else tells that the wait for it is over.
      void store.whenSynced().then(() => fleets?.touchAll());
    },
    touch(gateway) {
      if (gateway === undefined) fleets?.touchAll();
      else fleets?.touch(gateway);
    },
    async close() {
      stopListening();
      await fleets?.close();
      await api.close();
    },
  };
}

/** `undefined`: it cannot be told which gateway is meant, so that nothing is to be made or changed for it. */
function managedGateway(
  { definition, diagnostics, failed, config }: Defined,
  previous: ManagedGateway | undefined,
): ManagedGateway | undefined {
  const lastGood = config.lastGood && dataPlane({ ...config, spec: config.lastGood });
  // Whatever a data plane is before is one that `dataPlane` has made.
  const needs = dataPlane(config, (previous?.needs as ReturnType<typeof dataPlane>) ?? lastGood);
  if (definition === undefined || needs === undefined) return previous;
  const { generation } = config.metadata;
  const bad = diagnostics.filter(({ severity }) => severity === "error");
  return {
    definition,
    needs,
    spec: config.spec,
    ...(generation !== undefined && { generation }),
    ...(failed !== undefined && { failed }),
    badKeys: bad.flatMap(({ key }) => key ?? []),
  };
}

interface Accepting {
  readonly parts: AttachedParts | undefined;
  readonly store: Store;
  readonly peers: FleetsOptions["peers"];
}

function acceptanceOf(gateway: string, { parts, store, peers }: Accepting): Acceptance {
  const served = parts?.gateways.get(gateway);
  if (parts === undefined || served === undefined)
    return { nodes: 0, listening: 0, waits: "The gateway is not served yet." };
  const own = listeningNodes(served, parts.ads.holders());
  const elsewhere = peers(gateway);
  const counted = {
    nodes: own.nodes + elsewhere.nodes,
    listening: own.listening + elsewhere.listening,
  };
  return store.isSynced() ? counted : { ...counted, waits: "Not all objects have been read yet." };
}
