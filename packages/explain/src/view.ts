import type { Cluster, LoadAssignment, ObjectRef, Policies, VirtualHost } from "@sluice/model";
import type { TrustSettings } from "./request-headers.ts";

/** An annotation as its author wrote it. */
export interface AnnotationText {
  readonly object: ObjectRef;
  /** With its prefix. */
  readonly key: string;
  readonly value: string;
}

/** What explain looks up. It asks only for what the request touches, so that its cost does not follow the cluster. */
export interface GatewayView {
  /** By name in lower case, `*.name` or `*`. */
  virtualHost(host: string): VirtualHost | undefined;
  cluster(name: string): Cluster | undefined;
  loadAssignment(cluster: string): LoadAssignment | undefined;
  /** Absent: no proxy is trusted, and request ids are the gateway's. */
  readonly trust?: TrustSettings;
  /** The annotations of one feature on one object; absent or empty: none are shown. */
  annotations?(object: ObjectRef, feature: string): readonly AnnotationText[];
  /** What else may answer the request that a route with these policies takes, in sentences. Absent: nothing is said of it. */
  mayAnswer?(
    policies: Policies,
    request: {
      readonly method: string;
      readonly headers: Readonly<Record<string, readonly string[]>>;
      readonly isForwarded: boolean;
    },
  ): readonly string[];
  /** What may be shown of a policy; a feature whose policy holds secrets needs one. Absent: everything but bytes. */
  showPolicy?(feature: string, policy: unknown): unknown;
}
