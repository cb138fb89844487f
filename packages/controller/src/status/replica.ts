import { hostname } from "node:os";
import { ownNamespace } from "../config/own-namespace.ts";
import type { Settings } from "../config/settings.ts";

/** This process among the replicas. */
export interface Replica {
  /** Unique among them. */
  readonly name: string;
  readonly namespace: string;
  /** The Pod that it runs in, if the environment says so and it is of that namespace. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

/** By `POD_NAME` and `POD_UID`; outside of a Pod, where several may be on one machine, by the process. */
export function thisReplica(settings: Pick<Settings, "namespace">, env = process.env): Replica {
  const namespace = ownNamespace(settings);
  const { POD_NAME: name, POD_UID: uid } = env;
  // An owner of another namespace would have the Lease collected at once.
  const isOwn = namespace === ownNamespace({ namespace: undefined });
  return {
    name: name || `${hostname()}-${process.pid}`,
    namespace,
    ...(name && uid && isOwn ? { pod: { name, uid } } : {}),
  };
}
