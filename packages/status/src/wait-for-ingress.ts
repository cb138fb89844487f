import { ApiError, type Clock, isRefusal, isStatus, type KubeApi } from "@sluice/kubernetes-api";
import { ingressRevision, type RawObject } from "@sluice/kubernetes-objects";
import { openWatch, persist } from "@sluice/source-kubernetes";
import { z } from "zod";
import { saysLive } from "./desired.ts";
import { ingressFacts } from "./facts.ts";
import { NOT_LIVE } from "./live-events.ts";

export interface WaitForIngressOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly namespace: string;
  readonly name: string;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** How far an Ingress has come, as it was seen last. */
export interface WaitResult {
  readonly outcome: "live" | "not-live" | "deleted";
  readonly generation: number;
  /** Of the object as it is now. */
  readonly revision: string;
  /** The class that it names, by its field or by the old annotation; absent: none. */
  readonly ingressClass?: string;
  /** What the gateway says of this revision, as `3 on 1 of 2`; absent: nothing so far. */
  readonly live?: string;
  /** Why it is not live, as the Ingress says, or else Events. */
  readonly reasons: readonly string[];
}

const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
const Head = z.object({
  metadata: z.object({
    uid: z.string(),
    generation: z.number().catch(0),
    annotations: z.object({ [CLASS_ANNOTATION]: z.string().optional().catch(undefined) }).catch({}),
  }),
  spec: z.object({ ingressClassName: z.string().optional().catch(undefined) }).catch({}),
});
const BACKOFF = { firstMs: 200, maxMs: 5_000 };

/**
 * Resolves when the Ingress as it is at that moment (spec and annotations, whoever wrote them) has been accepted by all nodes,
 * or when it is gone, or the signal is aborted. It watches this one object, through outages of the API server. What the
 * gateway said of an earlier form does not count. Fails with an {@link ApiError} if there is no such Ingress, or it may not be read.
 */
export async function waitForIngress(options: WaitForIngressOptions): Promise<WaitResult> {
  const { api, clock, random, namespace, name } = options;
  const collection = `/apis/networking.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/ingresses`;
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  let seen: RawObject | undefined;
  let version: string | undefined;
  let isDeleted = false;
  let failure: unknown;
  const look = (item: RawObject): void => {
    seen = item;
    if (isLive(item)) end.abort();
  };
  const step = async () => {
    if (seen === undefined) {
      const path = `${collection}/${encodeURIComponent(name)}`;
      // A watch does not tell that there is no such object.
      look(RawIngress.parse(await api.json({ path, signal })));
      version = undefined;
    }
    if (signal.aborted) return "again" as const;
    try {
      const query = { fieldSelector: `metadata.name=${name}` };
      for await (const event of await openWatch(api, { path: collection, query, signal }, version, random)) {
        version = event.version;
        if (event.type === "set") look(event.object);
        if (event.type !== "delete") continue;
        isDeleted = true;
        end.abort();
      }
    } catch (error) {
      if (!isStatus(error, 410)) throw error;
      version = undefined;
      seen = undefined;
    }
    return "nothing" as const;
  };
  await persist(step, {
    clock,
    random,
    backoff: BACKOFF,
    signal,
    wake: () => signal,
    onError(error) {
      if (!isRefusal(error)) return;
      failure = error;
      end.abort();
    },
  });
  if (failure !== undefined) throw failure;
  if (seen === undefined) throw new ApiError(504, "The API server has not answered in time.");
  const result = resultOf(seen);
  if (isDeleted) return { ...result, outcome: "deleted", reasons: ["The Ingress was deleted."] };
  // Events say the same where it is said on the Ingress, and may be gone.
  if (result.outcome === "live" || result.reasons.length > 0) return result;
  return { ...result, reasons: await reasonsOf(options, seen, result.revision) };
}

const RawIngress = z.custom<RawObject>((value) => Head.safeParse(value).success);

function isLive(item: RawObject): boolean {
  return resultOf(item).outcome === "live";
}

function resultOf(item: RawObject): WaitResult {
  const { metadata, spec } = Head.parse(item);
  const ingressClass = spec.ingressClassName ?? metadata.annotations[CLASS_ANNOTATION];
  const revision = ingressRevision(item);
  // Whoever wrote it: a reader need not know what the controller calls itself.
  const facts = ingressFacts(item, "");
  const isOfNow = facts?.liveRevision === revision;
  return {
    outcome: facts !== undefined && saysLive(facts, revision) ? "live" : "not-live",
    generation: metadata.generation,
    revision,
    ...(ingressClass === undefined ? {} : { ingressClass }),
    ...(isOfNow && facts.live !== undefined ? { live: facts.live } : {}),
    reasons: isOfNow && facts.liveReason !== undefined ? [facts.liveReason] : [],
  };
}

const Events = z.object({
  items: z.array(
    z.object({ reason: z.string().catch(""), type: z.string().catch(""), message: z.string().catch("") }),
  ),
});
const EVENTS_MS = 5_000;

/** What Events say: of this revision which nodes lack it, and else all warnings. Without the right to read them, nothing. */
async function reasonsOf(
  { api, namespace }: WaitForIngressOptions,
  item: RawObject,
  revision: string,
): Promise<readonly string[]> {
  const { uid } = Head.parse(item).metadata;
  try {
    const answer = await api.json({
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
      query: { fieldSelector: `involvedObject.uid=${uid}` },
      signal: AbortSignal.timeout(EVENTS_MS),
    });
    const warnings = Events.parse(answer).items.filter(({ type }) => type === "Warning");
    const ofNow = warnings.filter(({ reason, message }) => reason === NOT_LIVE && message.includes(revision));
    const found = ofNow.length > 0 ? ofNow.slice(-1) : warnings.filter(({ reason }) => reason !== NOT_LIVE);
    return [...new Set(found.map(({ message }) => message))];
  } catch {
    return [];
  }
}
