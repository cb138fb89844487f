import { z } from "zod";
import { FIELD_MANAGER } from "./objects/names.ts";

const count = z.int().nullish();
const Deployment = z.object({
  metadata: z.object({
    generation: count,
    managedFields: z.array(z.object({ manager: z.string().nullish(), fieldsV1: z.unknown() })).nullish(),
  }),
  spec: z.object({ replicas: count }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().nullish() }))
        .nullish(),
    })
    .nullish(),
});

const ReplicasField = z.object({ "f:spec": z.object({ "f:replicas": z.unknown() }) });

/** What a Deployment of Envoys says about itself. */
export interface DeploymentState {
  readonly wanted: number;
  readonly available: number;
  /** Available ones, and all of those that run are of the present template. */
  readonly isRolledOut: boolean;
  /** Why Pods cannot be made, in the words of the API server: a quota, a policy. */
  readonly problem?: string;
  /** Whether the number of replicas is a field that we have set. */
  readonly ownsReplicas: boolean;
}

/** Throws for what is no Deployment. */
export function deploymentState(object: unknown): DeploymentState {
  const { metadata, spec, status } = Deployment.parse(object);
  const wanted = spec.replicas ?? 1;
  const available = status?.availableReplicas ?? 0;
  const updated = status?.updatedReplicas ?? 0;
  const isSeen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  const failure = status?.conditions?.find(
    (each) => each.type === "ReplicaFailure" && each.status === "True",
  );
  return {
    wanted,
    available,
    isRolledOut: isSeen && updated >= wanted && (status?.replicas ?? 0) === updated && available >= wanted,
    ...(failure !== undefined && { problem: failure.message ?? "Pods cannot be made." }),
    ownsReplicas: (metadata.managedFields ?? []).some(
      ({ manager, fieldsV1 }) => manager === FIELD_MANAGER && hasReplicas(fieldsV1),
    ),
  };
}

function hasReplicas(fields: unknown): boolean {
  const parsed = ReplicasField.safeParse(fields);
  return parsed.success && parsed.data["f:spec"]["f:replicas"] !== undefined;
}
