import { isStatus, type KubeApi, SERVER_SIDE_APPLY } from "@sluice/kubernetes-api";
import { z } from "zod";
import type { LiveObject } from "./follow-objects.ts";
import { collectionPath, type FleetKind, type FleetObject } from "./objects/fleet-object.ts";
import { CONFIG_KIND, FIELD_MANAGER, objectLabels } from "./objects/names.ts";

/** An object of the name of one of ours that is not ours: nothing is done to it. A sentence for the user. */
export class ForeignObjectError extends Error {
  constructor(kind: string, name: string) {
    super(`There is a ${kind} ${name} that is not of this gateway; it is left alone.`);
    this.name = "ForeignObjectError";
  }
}

const Owned = z.object({
  metadata: z.object({
    uid: z.string().min(1),
    labels: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string(), uid: z.string() })).nullish(),
  }),
});

export interface Owner {
  readonly name: string;
  readonly uid: string;
}

function pathOf(kind: FleetKind, namespace: string, name: string): string {
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
}

/** An object as it is; `undefined` if there is none. */
export async function getObject(
  api: KubeApi,
  kind: FleetKind,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await api.json({ path: pathOf(kind, namespace, name), signal });
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/**
 * Makes the object as it is given, field by field, whoever had changed these fields; returns it as it is then. It is only
 * done to one that has this owner, or does not exist: `known` is the owner's by what was last seen. One of an earlier
 * resource of the owner's name, which the garbage collector is about to take, goes first. One with our labels that
 * nobody owns, as it is after `kubectl delete --cascade=orphan` or out of a backup, is taken over as it is.
 */
export async function applyObject(
  api: KubeApi,
  object: FleetObject,
  owner: Owner,
  known: boolean,
  signal: AbortSignal,
): Promise<unknown> {
  const { kind, metadata } = object;
  if (!known) await makeWay(api, kind, metadata, owner, signal);
  return api.write({
    method: "PATCH",
    path: pathOf(kind, metadata.namespace, metadata.name),
    query: { fieldManager: FIELD_MANAGER, force: "true" },
    contentType: SERVER_SIDE_APPLY,
    body: object,
    signal,
  });
}

async function makeWay(
  api: KubeApi,
  kind: FleetKind,
  at: { readonly namespace: string; readonly name: string },
  owner: Owner,
  signal: AbortSignal,
): Promise<void> {
  const found = await getObject(api, kind, at, signal);
  if (found === undefined) return;
  const { uid, ownerReferences, labels } = Owned.parse(found).metadata;
  const owners = ownerReferences ?? [];
  const ours = Object.entries(objectLabels(owner.name));
  if (owners.length === 0 && ours.every(([name, value]) => labels?.[name] === value)) return;
  if (owners.some((each) => each.uid === owner.uid)) return;
  const isOfPredecessor =
    owners.length === 1 && owners[0]?.kind === CONFIG_KIND && owners[0].name === owner.name;
  if (!isOfPredecessor) throw new ForeignObjectError(kind, at.name);
  await deleteObject(api, { kind, name: at.name, uid }, at.namespace, signal);
}

/** Deletes exactly this object; that it is gone, or another one by now, is no error. */
export async function deleteObject(
  api: KubeApi,
  { kind, name, uid }: Pick<LiveObject, "kind" | "name" | "uid">,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await api.write({
      method: "DELETE",
      path: pathOf(kind, namespace, name),
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: "Background",
        preconditions: { uid },
      },
      signal,
    });
  } catch (error) {
    if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
  }
}

/**
 * Sets a Deployment's number of replicas in the name of somebody else, so that it stays when our own field manager lets go
 * of it; an API server would make a field that nobody owns its default, 1. Source: "Transferring ownership",
 * kubernetes.io/docs/reference/using-api/server-side-apply.
 */
export async function handOverReplicas(
  api: KubeApi,
  at: { readonly namespace: string; readonly name: string },
  replicas: number,
  signal: AbortSignal,
): Promise<void> {
  await api.write({
    method: "PATCH",
    path: pathOf("Deployment", at.namespace, at.name),
    query: { fieldManager: `${FIELD_MANAGER}-handover`, force: "true" },
    contentType: SERVER_SIDE_APPLY,
    body: { apiVersion: "apps/v1", kind: "Deployment", metadata: at, spec: { replicas } },
    signal,
  });
}
