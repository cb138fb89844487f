import type { Quarantined, Verdict } from "@sluice/ads";
import {
  type Diagnostic,
  displayName,
  type KubeObject,
  type ObjectKey,
  type ObjectRef,
  type Origin,
  objectKey,
  type Resource,
  type ResourceRef,
} from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { findCulprits } from "./culprits.ts";
import type { Aside, EffectiveStore } from "./effective-store.ts";
import { createVerdicts, isGiven, isRefused, type Shape, type Slot } from "./verdicts.ts";

/** An object that Envoy did not take, while others that share a resource with it went live. */
export interface IsolatedObject {
  readonly object: ObjectRef;
  /** Name and type URL of the resource that was refused. */
  readonly resource: ResourceRef;
  /** Envoy's words. */
  readonly words: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Whether an earlier form of it serves on. */
  readonly earlierFormServes: boolean;
}

export interface IsolationOptions {
  readonly objects: EffectiveStore;
  /** Passes on to the nodes what a change of what is set aside has made of the model. */
  readonly flush: () => void;
  /** Resolves when no node has anything in flight. */
  readonly whenIdle: () => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Receives exceptions: bugs. */
  readonly onError: (error: unknown) => void;
  /** Is told of objects that were found to be at fault, once `asideOf` knows. */
  readonly onConvicted?: (keys: readonly ObjectKey[]) => void;
}

/**
 * Keeps a bad object from blocking others that shape the same resource, or that depend on a resource of its own.
 * When Envoy refuses such a resource, the objects that changed since the accepted version are suspects. Versions
 * without some of them tell who is at fault (see {@link findCulprits}); those stay set aside, in favour of an
 * earlier form that was accepted if there is one, until the object changes. While the search lasts, a new
 * object that is innocent may come and go; what was accepted before stays in force.
 *
 * Not found are faults of objects that did not change themselves (a canary that was bad all along, once its main
 * rule appears): then the resource as a whole keeps its accepted version.
 */
export interface Isolation {
  /** To be told of every resource that is rendered, before it is sent; `rendering` names the kind of nodes. */
  rendered(rendering: string, resource: Resource): void;
  dropped(rendering: string, ref: ResourceRef): void;
  accepted(verdict: Verdict): void;
  refused(verdict: Verdict & { readonly words: string }): void;
  /** To be told which objects changed, once they are followed. */
  changed(keys: readonly ObjectKey[]): void;
  entries(): readonly IsolatedObject[];
  /** Whether the present form of the object is not what is served, with Envoy's words if it is known to be at fault. */
  asideOf(key: ObjectKey): { readonly words?: string } | undefined;
  diagnostics(): readonly Diagnostic[];
  /** Resolves when no search is under way. */
  settled(): Promise<void>;
}

/** How often a search may begin anew before its resource is left as it is: changes come to an end sooner. */
const MAX_RESTARTS = 100;

/** What a search has found does not count, since what it is about has changed meanwhile. It begins anew. */
class Interrupted extends Error {}

export function createIsolation(options: IsolationOptions): Isolation {
  const { objects } = options;
  const verdicts = createVerdicts();
  const isolated = new Map<ObjectKey, { readonly form: KubeObject; readonly entry: IsolatedObject }>();
  /** Versions of which the search found nobody; they are not searched again. */
  const givenUp = new WeakMap<Slot, string>();
  const restarts = new WeakMap<Slot, number>();
  const queue = new Set<Slot>();
  let running: Promise<void> | undefined;
  let isPurging = false;
  /** Keys of objects that changed since the present search began. */
  const changedMeanwhile = new Set<ObjectKey>();

  const attempt = async (slot: Slot, suspects: readonly KubeObject[], aside: readonly Aside[]) => {
    objects.setAside(suspects, aside);
    options.flush();
    // A node that never answers must not hold up the others, nor a resource that nobody is sent.
    await Promise.race([verdicts.given(slot), options.whenIdle()]);
    // What it depends on was refused: that comes first.
    if (!isGiven(slot) && isHost(slot) && [...queue].some((other) => !isHost(other))) throw new Interrupted();
    return isRefused(slot) ? (slot.refused?.words ?? "") : undefined;
  };

  const conclude = (slot: Slot, shape: Shape, culprits: ReadonlyMap<KubeObject, string>): void => {
    for (const [form, words] of culprits) {
      verdicts.convicted(form);
      const { typeUrl, name } = shape.resource;
      const earlierFormServes = objects.aside(form)?.replacement !== undefined;
      const entry = {
        object: refOf(form),
        resource: { typeUrl, name },
        words,
        since: options.now(),
        earlierFormServes,
      };
      isolated.set(keyOf(form), { form, entry });
    }
    options.onConvicted?.([...culprits.keys()].map(keyOf));
    if (culprits.size === 0) givenUp.set(slot, shape.resource.version);
  };

  const search = async (slot: Slot, shape: Shape): Promise<void> => {
    const suspects = verdicts.suspects(slot);
    if (suspects.length === 0) return;
    changedMeanwhile.clear();
    const asides = new Map(
      suspects.map((object) => [object, { object, replacement: verdicts.earlierForm(object, slot) }]),
    );
    const culprits = await findCulprits(suspects, {
      words: slot.refused?.words ?? "",
      knownGood: slot.accepted !== undefined,
      attempt: (out) =>
        attempt(
          slot,
          suspects,
          [...out].flatMap((object) => asides.get(object) ?? []),
        ),
    });
    // Setting aside may itself bring other objects into the slot; what counts is whether they changed.
    const involved = [...shape.objects, ...(slot.wanted?.objects ?? [])].map(keyOf);
    if (involved.some((key) => changedMeanwhile.has(key))) throw new Interrupted();
    if (culprits === undefined) await attempt(slot, suspects, []);
    conclude(slot, shape, culprits ?? new Map());
  };

  const examine = async (slot: Slot): Promise<void> => {
    const shape = slot.wanted;
    if (shape === undefined || !isRefused(slot) || !hurtsOthers(slot)) return;
    if (givenUp.get(slot) === shape.resource.version) return;
    try {
      await search(slot, shape);
      restarts.delete(slot);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      objects.setAside(shape.objects, []);
      options.flush();
      const count = (restarts.get(slot) ?? 0) + 1;
      restarts.set(slot, count);
      if (count > MAX_RESTARTS) {
        restarts.delete(slot);
        givenUp.set(slot, shape.resource.version);
        throw new Error(`the search behind ${shape.resource.name} began anew ${MAX_RESTARTS} times`);
      }
      enqueue(slot);
      // Verdicts that are known already are given at once: whatever goes wrong here must not stop the event loop.
      await new Promise(setImmediate);
    }
  };

  const run = async (): Promise<void> => {
    for (let slot = nextOf(queue); slot !== undefined; slot = nextOf(queue)) {
      queue.delete(slot);
      try {
        await examine(slot);
      } catch (error) {
        options.onError(error);
      }
    }
    running = undefined;
  };

  const enqueue = (slot: Slot): void => {
    if (!isRefused(slot)) return;
    queue.add(slot);
    // Not at once: what calls is in the midst of handling an answer, or of rendering.
    running ??= Promise.resolve().then(run);
  };

  const entries = (): IsolatedObject[] =>
    [...isolated.values()]
      .filter(({ form }) => objects.aside(form) !== undefined)
      .map(({ entry }) => entry)
      .sort((a, b) => (objectKey(a.object) < objectKey(b.object) ? -1 : 1));

  return {
    rendered(rendering, resource) {
      const behind = resource.origins
        .map(({ object: { kind, namespace, name } }) => objects.store.get(kind, namespace, name))
        .filter((object) => object !== undefined);
      // Nobody is sent again what it has refused: a version that comes back is not refused anew.
      enqueue(verdicts.rendered(rendering, resource, behind));
    },
    dropped(rendering, ref) {
      verdicts.dropped(rendering, ref);
      if (isPurging) return;
      isPurging = true;
      void options.whenIdle().then(() => {
        isPurging = false;
        verdicts.settled();
      });
    },
    accepted: ({ resource }) => verdicts.accepted(resource),
    refused({ resource, words }) {
      const slot = verdicts.refused(resource, words);
      if (slot !== undefined) enqueue(slot);
    },
    changed(keys) {
      for (const key of keys) {
        changedMeanwhile.add(key);
        if (objects.present(key) === undefined) verdicts.forget(key);
        if (isolated.get(key)?.form !== objects.present(key)) isolated.delete(key);
      }
    },
    entries,
    asideOf(key) {
      const object = objects.present(key);
      if (object === undefined || objects.aside(object) === undefined) return undefined;
      const found = isolated.get(key);
      return found?.form === object ? { words: found.entry.words } : {};
    },
    diagnostics: () => entries().map(isolatedDiagnostic),
    settled: () => running ?? Promise.resolve(),
  };
}

function isHost({ typeUrl }: Slot): boolean {
  return typeUrl === TYPE_URLS.VIRTUAL_HOST;
}

/** Virtual hosts last, for they depend on the others. */
function nextOf(queue: ReadonlySet<Slot>): Slot | undefined {
  const slots = [...queue];
  return slots.find((slot) => !isHost(slot)) ?? slots[0];
}

/**
 * A virtual host of one object hurts nobody else when it is withheld, and a resource with an accepted version holds up
 * nothing. One that left the resource counts: it would be served on.
 */
function hurtsOthers(slot: Slot): boolean {
  const { wanted, accepted } = slot;
  const involved = new Set([...(wanted?.objects ?? []), ...(accepted?.objects ?? [])].map(keyOf));
  return involved.size > 1 || (accepted === undefined && !isHost(slot));
}

function isolatedDiagnostic({ object, resource, words, earlierFormServes }: IsolatedObject): Diagnostic {
  return refusal(object, resource, words, earlierFormServes);
}

/** What to say of a resource that is withheld as a whole, to each object that may be at fault. */
export function quarantineDiagnostics(quarantined: Quarantined): readonly Diagnostic[] {
  const { suspects, words, fallbackVersion } = quarantined;
  const ingresses = suspects.filter(({ object }) => object.kind === "Ingress");
  return (ingresses.length > 0 ? ingresses : suspects).map(({ object }: Origin) =>
    refusal(object, quarantined, words, fallbackVersion !== undefined),
  );
}

function refusal(
  object: ObjectRef,
  resource: ResourceRef,
  words: string,
  earlierFormServes: boolean,
): Diagnostic {
  return {
    code: "resource-refused",
    severity: "error",
    origin: { object },
    value: resource.name,
    message: `Envoy refused what ${displayName(object)} asks for: ${words}`,
    hint: earlierFormServes
      ? "Its last accepted form serves on. Change the object to try again."
      : "It takes no traffic. Change the object to try again.",
  };
}

function refOf({ kind, metadata }: KubeObject): ObjectRef {
  return { kind, namespace: metadata.namespace, name: metadata.name };
}

function keyOf(object: KubeObject): ObjectKey {
  return objectKey(refOf(object));
}
