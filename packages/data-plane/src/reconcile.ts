import { type Clock, describeError, isRefusal, type KubeApi } from "@sluice/kubernetes-api";
import { z } from "zod";
import { applyObject, deleteObject, ForeignObjectError, getObject, handOverReplicas } from "./apply.ts";
import { type DeploymentState, deploymentState } from "./deployment-state.ts";
import type { Fleet, FleetCertificate, FleetSettings } from "./fleet.ts";
import type { LiveObject } from "./follow-objects.ts";
import { desiredObjects, isDesired } from "./objects/desired-objects.ts";
import type { FleetObject } from "./objects/fleet-object.ts";
import { certificateName, fleetName } from "./objects/names.ts";

/** Certificates for the Envoys of a gateway. `XdsIdentity` of xds-identity is one. */
export interface CertificateIssuer {
  issueGatewayCertificate(gateway: string): Promise<FleetCertificate & { readonly renewAt: number }>;
  /** When the stored certificate is to be issued anew, milliseconds since the epoch. */
  gatewayCertificateDue(
    gateway: string,
    stored: { readonly certificate: string; readonly bundle: string } | undefined,
  ): number;
}

export interface ReconcileContext {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly settings: FleetSettings;
  readonly issuer: CertificateIssuer;
  /** What is there of the gateway, as last told. */
  readonly live: readonly LiveObject[];
  readonly signal: AbortSignal;
}

/** What came of making a fleet as it should be. */
export interface Reconciled {
  /** Absent: there is no Deployment, or it could not be made so. */
  readonly deployment?: DeploymentState;
  /** Why something is not as it should be, in the words of the API server. */
  readonly problems: readonly string[];
  /** The first of the errors that may pass: to be tried again soon. */
  readonly passing?: unknown;
  /** When the certificate is to be renewed, milliseconds since the epoch. */
  readonly renewAt: number;
}

/**
 * Makes the objects of a fleet as they should be, and deletes those of its owner that it should not have. What fails stops
 * no other object. Throws only if the cluster cannot be asked at all.
 */
export async function reconcile(fleet: Fleet, context: ReconcileContext): Promise<Reconciled> {
  const { api, settings, live, signal } = context;
  const { namespace } = settings;
  const { certificate, renewAt } = await decideCertificate(fleet, context);
  const replicas = await decideReplicas(fleet, context);
  const mine = live.filter(({ owners }) => owners.includes(fleet.owner.uid));
  const problems: string[] = [];
  let passing: unknown;
  const attempt = async <T>(what: string, act: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await act();
    } catch (error) {
      if (signal.aborted) throw error;
      problems.push(`${what}: ${describeError(error)}`);
      if (!(error instanceof ForeignObjectError) && !isRefusal(error)) passing ??= error;
      return undefined;
    }
  };
  const isKnown = ({ kind, metadata }: FleetObject): boolean =>
    mine.some((each) => each.kind === kind && each.name === metadata.name);

  let deployment: DeploymentState | undefined;
  const given = {
    ...(certificate !== undefined && { certificate }),
    ...(replicas !== undefined && { replicas }),
  };
  for (const object of desiredObjects(fleet, settings, given)) {
    const { kind, metadata } = object;
    const applied = await attempt(`${kind} ${metadata.name}`, () =>
      applyObject(api, object, fleet.owner, isKnown(object), signal),
    );
    if (kind === "Deployment" && applied !== undefined) deployment = deploymentState(applied);
  }
  for (const object of mine.filter(({ kind, name }) => !isDesired(fleet, kind, name)))
    await attempt(`${object.kind} ${object.name}`, () => deleteObject(api, object, namespace, signal));
  return {
    problems,
    renewAt,
    ...(deployment !== undefined && { deployment }),
    ...(passing !== undefined && { passing }),
  };
}

/**
 * Renews the certificate of a fleet that was made before its gateway became a reused one, and leaves all else alone: its Envoys
 * go on serving, and without a certificate they would get no changes. Returns when it is due again; `undefined`: there is no
 * such fleet.
 */
export async function renewCertificate(fleet: Fleet, context: ReconcileContext): Promise<number | undefined> {
  const { api, settings, live, signal } = context;
  if (!live.some(({ kind, owners }) => kind === "Secret" && owners.includes(fleet.owner.uid)))
    return undefined;
  const { certificate, renewAt } = await decideCertificate(fleet, context);
  if (certificate === undefined) return renewAt;
  const secret = desiredObjects(fleet, settings, { certificate }).find(({ kind }) => kind === "Secret");
  if (secret !== undefined) await applyObject(api, secret, fleet.owner, true, signal);
  return renewAt;
}

const StoredSecret = z.object({ data: z.record(z.string(), z.string()).nullish() });

/** A new certificate, if one is due. */
async function decideCertificate(
  { definition: { name } }: Fleet,
  { api, clock, settings: { namespace }, issuer, signal }: ReconcileContext,
): Promise<{ readonly certificate?: FleetCertificate; readonly renewAt: number }> {
  const at = { namespace, name: certificateName(name) };
  const secret = StoredSecret.safeParse(await getObject(api, "Secret", at, signal)).data?.data ?? {};
  const text = (key: string): string => Buffer.from(secret[key] ?? "", "base64").toString();
  // Without its key a certificate is of no use.
  const stored = secret["tls.key"] ? { certificate: text("tls.crt"), bundle: text("ca.crt") } : undefined;
  const due = stored === undefined ? 0 : issuer.gatewayCertificateDue(name, stored);
  if (due > clock.now()) return { renewAt: due };
  const certificate = await issuer.issueGatewayCertificate(name);
  return { certificate, renewAt: certificate.renewAt };
}

/** The number that we set: none where an autoscaler does, as soon as the number that is there does not depend on us. */
async function decideReplicas(
  { definition, needs, autoscaler }: Fleet,
  { api, settings: { namespace }, signal }: ReconcileContext,
): Promise<number | undefined> {
  if (autoscaler === undefined) return needs.replicas;
  const at = { namespace, name: fleetName(definition.name) };
  const found = await getObject(api, "Deployment", at, signal);
  if (found === undefined) return autoscaler.min;
  const { ownsReplicas, wanted } = deploymentState(found);
  // An autoscaler leaves a Deployment of 0 replicas alone: that is how people switch it off.
  if (ownsReplicas) await handOverReplicas(api, at, Math.max(wanted, autoscaler.min), signal);
  return undefined;
}
