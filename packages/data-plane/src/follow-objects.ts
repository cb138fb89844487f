import {
  type BackoffLimits,
  backoffMs,
  type Clock,
  describeError,
  jsonLines,
  type KubeApi,
} from "@sluice/kubernetes-api";
import { z } from "zod";
import { collectionPath, FLEET_KINDS, type FleetKind } from "./objects/fleet-object.ts";
import { GATEWAY_LABEL, gatewayLabel, MANAGED_BY } from "./objects/names.ts";

/** One of our objects, as the API server last told. */
export interface LiveObject {
  readonly kind: FleetKind;
  readonly name: string;
  readonly uid: string;
  readonly version: string;
  /** The value of its label, {@link gatewayLabel}. */
  readonly gateway: string;
  /** UIDs of its owners. */
  readonly owners: readonly string[];
}

/** All objects in the namespace that carry our labels. */
export interface FollowedObjects {
  of(gateway: string): readonly LiveObject[];
  /** Resolves when each kind has been listed once, or could not be. */
  readonly listed: Promise<void>;
  /** Resolves after the signal, when nothing is under way. */
  readonly ended: Promise<void>;
}

export interface FollowOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Called when an object of the gateway of this label has come, changed or gone. */
  readonly onChange: (gatewayLabel: string) => void;
  readonly onError: (kind: FleetKind, words: string) => void;
}

const BACKOFF: BackoffLimits = { firstMs: 500, maxMs: 30_000 };
const WATCH_SECONDS = 290;
/** A watch that ends sooner counts as a failure. */
const LASTING_MS = 5_000;

const Meta = z.object({
  metadata: z.object({
    name: z.string().min(1),
    uid: z.string().min(1),
    resourceVersion: z.string().min(1),
    labels: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(z.object({ uid: z.string() })).nullish(),
  }),
});
const List = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1) }),
  items: z.array(Meta).nullish(),
});
const Event = z.object({ type: z.string(), object: z.unknown() });

const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/**
 * Lists and watches the metadata of our objects, each kind by itself, and lists anew whenever a watch ends: they are few.
 * Only an event or a list takes an object away, a failure never does.
 */
export function followObjects(options: FollowOptions): FollowedObjects {
  const live = new Map<FleetKind, Map<string, LiveObject>>();
  const followers = FLEET_KINDS.map((kind) => {
    const held = new Map<string, LiveObject>();
    live.set(kind, held);
    return followKind(kind, held, options);
  });
  return {
    of: (gateway) =>
      [...live.values()].flatMap((held) =>
        [...held.values()].filter((each) => each.gateway === gatewayLabel(gateway)),
      ),
    listed: Promise.all(followers.map(({ listed }) => listed)).then(() => {}),
    ended: Promise.all(followers.map(({ ended }) => ended)).then(() => {}),
  };
}

function followKind(
  kind: FleetKind,
  held: Map<string, LiveObject>,
  options: FollowOptions,
): { readonly listed: Promise<void>; readonly ended: Promise<void> } {
  const { api, namespace, clock, random, signal, onChange } = options;
  const path = collectionPath(kind, namespace);
  const query = { labelSelector: `${selector()},${GATEWAY_LABEL}` };
  const { promise: listed, resolve: onListed } = Promise.withResolvers<void>();

  const put = (object: LiveObject): void => {
    if (held.get(object.name)?.version === object.version) return;
    held.set(object.name, object);
    onChange(object.gateway);
  };
  const remove = (name: string): void => {
    const gone = held.get(name);
    held.delete(name);
    if (gone !== undefined) onChange(gone.gateway);
  };
  const list = async (): Promise<string> => {
    const answer = List.parse(await api.json({ path, query, accept: METADATA_LIST, signal }));
    const found = new Map((answer.items ?? []).map((item) => [item.metadata.name, liveObject(kind, item)]));
    for (const name of held.keys()) if (!found.has(name)) remove(name);
    for (const object of found.values()) put(object);
    onListed();
    return answer.metadata.resourceVersion;
  };
  const watch = async (version: string): Promise<void> => {
    const asked = { watch: "1", timeoutSeconds: `${WATCH_SECONDS}`, resourceVersion: version, ...query };
    for await (const line of jsonLines(await api.stream({ path, query: asked, accept: METADATA, signal }))) {
      const { type, object } = Event.parse(line);
      // Whatever it says, listing anew is what helps.
      if (type === "ERROR") return;
      const item = liveObject(kind, Meta.parse(object));
      if (type === "DELETED") remove(item.name);
      else put(item);
    }
  };
  const follow = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted; ) {
      const since = clock.now();
      try {
        await watch(await list());
      } catch (error) {
        if (signal.aborted) return;
        options.onError(kind, describeError(error));
        onListed();
      }
      failures = clock.now() - since >= LASTING_MS ? 0 : failures + 1;
      if (failures > 0) await clock.sleep(backoffMs(failures - 1, BACKOFF, random), signal);
    }
  };
  return { listed, ended: follow().finally(onListed) };
}

function selector(): string {
  return Object.entries(MANAGED_BY)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

function liveObject(kind: FleetKind, { metadata }: z.infer<typeof Meta>): LiveObject {
  return {
    kind,
    name: metadata.name,
    uid: metadata.uid,
    version: metadata.resourceVersion,
    gateway: metadata.labels?.[GATEWAY_LABEL] ?? "",
    owners: (metadata.ownerReferences ?? []).map(({ uid }) => uid),
  };
}
