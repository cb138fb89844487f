import type { Clock, KubeApi } from "@sluice/kubernetes-api";
import type { ObjectKey } from "@sluice/model";
import type { PeerReports, PublishedGateway, ReportPublisher } from "@sluice/status";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../logging/logger.ts";
import { thisReplica } from "./replica.ts";

/** What replicas tell each other of their nodes. */
export interface Replicas {
  readonly publisher: ReportPublisher;
  readonly peers: PeerReports;
  close(): Promise<void>;
}

export interface ReplicasOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly settings: Settings;
  readonly logger: Logger;
  /** Only replicas of the same group read each other. */
  readonly group: string;
  /** Of this process. */
  readonly identity: string;
  readonly gateways: () => readonly PublishedGateway[];
  readonly revisionOf: (ingress: ObjectKey) => string | undefined;
}

/** Starts to publish what this replica knows, and to follow what the others do. */
export async function startReplicas(options: ReplicasOptions): Promise<Replicas> {
  const { settings, logger, ...shared } = options;
  const { followPeerReports, replicaLeaseName, startReportPublisher } = await import("@sluice/status");
  const { name, namespace, pod } = thisReplica(settings);
  const lease = replicaLeaseName(name);
  const publisher = startReportPublisher({
    ...shared,
    namespace,
    name: lease,
    ...(pod === undefined ? {} : { pod }),
    onError: (err) => logger.warn({ err, lease }, "what this replica knows cannot be told to the others"),
  });
  const peers = followPeerReports({
    ...shared,
    namespace,
    own: lease,
    onError: (err) => logger.warn({ err }, "what other replicas know cannot be followed"),
  });
  return {
    publisher,
    peers,
    async close() {
      await Promise.all([publisher.close(), peers.close()]);
    },
  };
}
