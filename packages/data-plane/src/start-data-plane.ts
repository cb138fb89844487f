import { isDeepStrictEqual } from "node:util";
import { type Clock, describeError, type KubeApi, systemClock } from "@sluice/kubernetes-api";
import type { GatewayDefinition } from "@sluice/model";
import { AUTOSCALER_ANNOTATION, readAutoscaler } from "./autoscaler-annotation.ts";
import type { FleetNeeds, FleetSettings } from "./fleet.ts";
import { type Acceptance, fleetStatus } from "./fleet-status.ts";
import { type FollowedObjects, followObjects } from "./follow-objects.ts";
import { applyStatus, type GatewayConfig, getGatewayConfig } from "./gateway-config.ts";
import { type LastGood, lastGoodSpec } from "./last-good.ts";
import { gatewayLabel } from "./objects/names.ts";
import { type CertificateIssuer, type Reconciled, reconcile, renewCertificate } from "./reconcile.ts";
import { createWorker, type Worker } from "./worker.ts";

/** A gateway that a MseIngressConfig of the same name asks for. */
export interface ManagedGateway {
  readonly definition: GatewayDefinition;
  readonly needs: FleetNeeds;
  /** The spec that all of this follows from; the API server may have a later one by now. */
  readonly spec: unknown;
  /** Its generation. Absent: that of the object as it is. */
  readonly generation?: number;
  /** What is wrong with the spec, as its own check says it. */
  readonly failed?: { readonly message: string };
  /** Paths of the fields that are wrong, as diagnostics have them, with `spec.` before them. */
  readonly badKeys: readonly string[];
}

export interface DataPlaneLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface DataPlaneOptions {
  readonly api: KubeApi;
  readonly settings: FleetSettings;
  readonly issuer: CertificateIssuer;
  /** How far the configuration of a gateway has come. Tell {@link DataPlane.touch} when that changes. */
  readonly acceptance: (gateway: string) => Acceptance;
  /** Only the leader writes anything. Tell {@link DataPlane.touchAll} when that changes. Default: always. */
  readonly isLeader?: () => boolean;
  readonly log: DataPlaneLog;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** How often everything is looked at again although nothing was told, milliseconds. Default ten minutes. */
  readonly resyncMs?: number;
}

/** The fleets of Envoys of a controller. */
export interface DataPlane {
  /** A gateway that is new or has changed. */
  set(gateway: ManagedGateway): void;
  /** Its MseIngressConfig is gone: the garbage collector takes the objects. */
  delete(name: string): void;
  /** Something about the gateway may have changed. Unknown names are no error. */
  touch(name: string): void;
  touchAll(): void;
  /** Ends all work; the fleets stay as they are. */
  close(): Promise<void>;
}

interface Minded {
  gateway: ManagedGateway;
  readonly worker: Worker;
}

/**
 * Keeps the objects of each gateway as they should be, and the status of its MseIngressConfig true, until it is closed: after
 * every change of the gateway, of one of its objects (whoever did it), of its acceptance, and now and then. Each gateway is
 * worked on by itself, so that none waits for another.
 */
export function startDataPlane(options: DataPlaneOptions): DataPlane {
  const { api, log, clock = systemClock, random = Math.random, isLeader = () => true } = options;
  const minded = new Map<string, Minded>();
  const closing = new AbortController();
  const touch = (name: string): void => minded.get(name)?.worker.request();
  const objects = followObjects({
    api,
    namespace: options.settings.namespace,
    clock,
    random,
    signal: closing.signal,
    onChange(label) {
      for (const name of minded.keys()) if (gatewayLabel(name) === label) touch(name);
    },
    onError: (kind, words) =>
      log.warn({ kind, words }, "the objects of the data plane cannot be followed; trying again"),
  });
  const mind = (gateway: ManagedGateway): Minded => {
    const { name } = gateway.definition;
    const tell = logChanges(log, name);
    const run = async (signal: AbortSignal): Promise<number | undefined> => {
      await objects.listed;
      if (signal.aborted) return undefined;
      if (!isLeader()) return undefined;
      const done = await mindOnce({ ...options, clock }, objects, made.gateway, signal);
      tell(done?.problems ?? []);
      if (done?.passing !== undefined) throw done.passing;
      const resync = clock.now() + (options.resyncMs ?? RESYNC_MS);
      // A refusal lasts until somebody does something, which is seldom something that we are told of.
      const again = done?.problems?.length ? clock.now() + REFUSED_MS : Number.POSITIVE_INFINITY;
      return Math.min(resync, again, done?.renewAt ?? Number.POSITIVE_INFINITY);
    };
    const onError = (error: unknown): void => tell([describeError(error)]);
    const made: Minded = { gateway, worker: createWorker({ clock, random, run, onError }) };
    return made;
  };

  return {
    set(gateway) {
      const { name } = gateway.definition;
      const known = minded.get(name);
      if (known === undefined) minded.set(name, mind(gateway));
      else known.gateway = gateway;
      touch(name);
    },
    delete(name) {
      void minded.get(name)?.worker.close();
      minded.delete(name);
    },
    touch,
    touchAll() {
      for (const name of minded.keys()) touch(name);
    },
    async close() {
      closing.abort();
      await Promise.all([objects.ended, ...[...minded.values()].map(({ worker }) => worker.close())]);
    },
  };
}

const RESYNC_MS = 600_000;
const REFUSED_MS = 30_000;

/** One look at a gateway: its objects, then its status. `undefined`: there is no such resource, or nothing to do for it. */
async function mindOnce(
  { api, settings, issuer, acceptance, clock }: DataPlaneOptions & { readonly clock: Clock },
  objects: FollowedObjects,
  gateway: ManagedGateway,
  signal: AbortSignal,
): Promise<Partial<Reconciled> | undefined> {
  const { definition, needs } = gateway;
  const config = await getGatewayConfig(api, definition.name, signal);
  if (config === undefined) return undefined;
  const { range, problem } = readAutoscaler(config.metadata.annotations?.[AUTOSCALER_ANNOTATION]);
  const { uid, name } = config.metadata;
  const fleet = {
    definition,
    needs,
    owner: { name, uid },
    ...(range !== undefined && { autoscaler: range }),
  };
  const live = objects.of(definition.name);
  const context = { api, clock, settings, issuer, live, signal };
  const made = needs.reusedId === undefined ? await reconcile(fleet, context) : undefined;
  const renewAt = made === undefined ? await renewCertificate(fleet, context) : made.renewAt;
  const done =
    made === undefined || problem === undefined ? made : { ...made, problems: [problem, ...made.problems] };
  await updateStatus(api, config, gateway, done, acceptance(definition.name), clock.now(), signal);
  return { ...done, ...(renewAt !== undefined && { renewAt }) };
}

/** Writes the status if it is not what it should be. */
async function updateStatus(
  api: KubeApi,
  config: GatewayConfig,
  { spec, generation, failed, badKeys }: ManagedGateway,
  fleet: Reconciled | undefined,
  acceptance: Acceptance,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const status = fleetStatus({
    config,
    ...(generation !== undefined && { generation }),
    ...(failed !== undefined && { failed }),
    ...(fleet !== undefined && { fleet }),
    acceptance,
    lastGood: lastGoodSpec(spec, badKeys, storedLastGood(config.status)),
    now,
  });
  if (isDeepStrictEqual({ ...config.status }, { ...status })) return;
  await applyStatus(api, config, status, signal);
}

function storedLastGood(status: GatewayConfig["status"]): LastGood | undefined {
  const stored = status?.lastGood;
  // Written by us, or by somebody whose fields are read as if they were a spec, and checked like one.
  return typeof stored === "object" && stored !== null ? (stored as LastGood) : undefined;
}

/** Says what goes wrong once, and when it is over. */
function logChanges(log: DataPlaneLog, gateway: string): (problems: readonly string[]) => void {
  let last = "";
  return (problems) => {
    const text = problems.join(" ");
    if (text === last) return;
    if (text === "") log.info({ gateway }, "the data plane is as it should be again");
    else log.warn({ gateway, problems }, "the data plane is not as it should be");
    last = text;
  };
}
