import type { Verdict } from "@sluice/ads";
import {
  type Diagnostic,
  displayName,
  type Ingress,
  type ObjectKey,
  type ObjectRef,
  objectKey,
  type Resource,
} from "@sluice/model";
import type { Store } from "@sluice/store";
import { compareAge, type SetAside } from "@sluice/translate";

/** An Ingress that Envoy did not take, while others that share a resource with it went live. */
export interface IsolatedIngress {
  readonly object: ObjectRef;
  /** Name and type URL of the resource that was refused. */
  readonly resource: { readonly typeUrl: string; readonly name: string };
  /** Envoy's words. */
  readonly words: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Whether an earlier form of it serves on. */
  readonly earlierFormServes: boolean;
}

export interface IsolationOptions {
  readonly store: Store;
  readonly setAside: SetAside;
  /** Passes on to the nodes what a change of what is set aside has made of the model. */
  readonly flush: () => void;
  /** Resolves when no node has anything in flight. */
  readonly whenIdle: () => Promise<void>;
  /** Whether some node refuses a resource that this object shapes. */
  readonly isRefused: (key: ObjectKey) => boolean;
  /** Other Ingresses with a host of this one. */
  readonly sharesHost: (ingress: Ingress) => boolean;
  readonly now: () => number;
}

/**
 * Keeps a bad Ingress from blocking others that shape the same resource. When Envoy refuses such a resource, the
 * Ingresses that changed since the accepted version are set aside, then let in again one by one, the oldest first;
 * who makes Envoy refuse again stays aside until its object changes.
 */
export interface Isolation {
  /** To be called with every resource that is rendered, before it is sent. */
  rendered(resource: Resource): void;
  accepted(verdict: Verdict): void;
  refused(verdict: Verdict & { readonly words: string }): void;
  entries(): readonly IsolatedIngress[];
  diagnostics(): readonly Diagnostic[];
  /** Resolves when no trial is under way. */
  settled(): Promise<void>;
}

export function createIsolation(options: IsolationOptions): Isolation {
  const { store, setAside } = options;
  const shapes = new WeakMap<Resource, readonly Ingress[]>();
  const acceptedForm = new Map<ObjectKey, Ingress>();
  /** The form accepted before that: the one to go back to when a form is accepted on one host and refused on another. */
  const formBefore = new Map<ObjectKey, Ingress>();
  const isolated = new Map<ObjectKey, IsolatedIngress>();
  let trials: Promise<void> = Promise.resolve();

  const change = (make: () => void): void => {
    store.graph.batch(make);
    options.flush();
  };

  const isolate = (suspect: Ingress, verdict: Verdict & { words: string }): void => {
    const key = keyOf(suspect);
    const accepted = acceptedForm.get(key);
    const replacement = accepted === suspect ? formBefore.get(key) : accepted;
    setAside.set(suspect, replacement);
    isolated.set(key, {
      object: refOf(suspect),
      resource: { typeUrl: verdict.resource.typeUrl, name: verdict.resource.name },
      words: verdict.words,
      since: options.now(),
      earlierFormServes: replacement !== undefined,
    });
  };

  const trial = async (suspects: readonly Ingress[], verdict: Verdict & { words: string }): Promise<void> => {
    const present = suspects.filter((suspect) => current(store, suspect) === suspect);
    change(() => {
      for (const suspect of present) isolate(suspect, verdict);
    });
    if (present.length < 2) return;
    for (const suspect of present) {
      await options.whenIdle();
      const key = keyOf(suspect);
      const entry = isolated.get(key);
      isolated.delete(key);
      change(() => setAside.lift(key));
      await options.whenIdle();
      if (entry !== undefined && options.isRefused(key)) change(() => isolate(suspect, verdict));
    }
  };

  const live = (): IsolatedIngress[] => {
    const keys = new Set(setAside.entries(store).map(({ refused }) => keyOf(refused)));
    return [...isolated.entries()].filter(([key]) => keys.has(key)).map(([, entry]) => entry);
  };

  return {
    rendered(resource) {
      const ingresses = resource.origins
        .filter(({ object }) => object.kind === "Ingress")
        .map(({ object }) => setAside.effective(store, object.namespace, object.name))
        .filter((ingress) => ingress !== undefined);
      if (ingresses.length > 0) shapes.set(resource, ingresses);
    },
    accepted({ resource }) {
      for (const ingress of shapes.get(resource) ?? []) {
        const key = keyOf(ingress);
        const before = acceptedForm.get(key);
        if (before === ingress) continue;
        if (before !== undefined) formBefore.set(key, before);
        acceptedForm.set(key, ingress);
      }
    },
    refused(verdict) {
      const shape = shapes.get(verdict.resource) ?? [];
      const changed = shape.filter((ingress) => acceptedForm.get(keyOf(ingress)) !== ingress);
      const suspects = (changed.length > 0 ? [...changed] : [...shape]).sort(compareAge);
      // Alone on its resource and its hosts, an object hurts nobody: ADS withholds the resource, and that is enough.
      if (suspects.length === 0 || (shape.length < 2 && !shape.some(options.sharesHost))) return;
      trials = trials.then(() => trial(suspects, verdict));
    },
    entries: live,
    diagnostics: () => live().map(diagnosticOf),
    settled: () => trials,
  };
}

function diagnosticOf(entry: IsolatedIngress): Diagnostic {
  return {
    code: "resource-refused",
    severity: "error",
    origin: { object: entry.object },
    value: entry.resource.name,
    message: `Envoy refused what ${displayName(entry.object)} asks for: ${entry.words}`,
    hint: entry.earlierFormServes
      ? "Its last accepted form serves on. Change the object to try again."
      : "It takes no traffic. Change the object to try again.",
  };
}

function current(store: Store, { metadata }: Ingress): Ingress | undefined {
  return store.get("Ingress", metadata.namespace, metadata.name);
}

function refOf({ metadata }: Ingress): ObjectRef {
  return { kind: "Ingress", namespace: metadata.namespace, name: metadata.name };
}

function keyOf(ingress: Ingress): ObjectKey {
  return objectKey(refOf(ingress));
}
