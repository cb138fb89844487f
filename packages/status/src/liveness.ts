import type { ObjectKey, Resource, ResourceRef } from "@sluice/model";
import { resourceKey } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import type { LiveNode } from "./node.ts";
import { createOriginIndex, type OriginIndex } from "./origin-index.ts";

/** An Ingress that a gateway serves, as its authors have it now. */
export interface IngressForm {
  readonly revision: string;
  readonly generation: number;
  /** It is set aside: an earlier form of it, or none, is served. */
  readonly aside?: Aside;
}

export interface Aside {
  /** Envoy's words, if it is known to be at fault; absent while that is being found out. */
  readonly words?: string;
}

export interface LivenessSource {
  /** Connected nodes, each once. */
  nodes(): readonly LiveNode[];
  /** The Ingress, if this gateway serves it. */
  form(ingress: ObjectKey): IngressForm | undefined;
  /** Whether everything that is known of the objects has been rendered: if not, nothing can be said now. */
  isCurrent(): boolean;
  /** Keys of what a resource needs besides what it depends on: what brings requests to it. */
  alsoNeeded(ref: ResourceRef): readonly string[];
  /** Runs `run` once, soon: what comes together is looked at together. */
  soon(run: () => void): void;
}

/** How far an Ingress has come on the nodes of a gateway. */
export interface LiveState {
  readonly revision: string;
  readonly generation: number;
  /** Connected nodes. */
  readonly nodes: number;
  /** Those that have accepted this revision whole. */
  readonly accepted: number;
  /** Nodes that refused something of it. */
  readonly refused: number;
}

/** Why a node does not count. */
export interface Missing {
  readonly node: string;
  /** The name of a resource that it does not hold as wanted; absent: the Ingress is set aside. */
  readonly resource?: string;
  /** Envoy's words, if it refused. */
  readonly words?: string;
  /** The replica of the control plane to which it is connected; absent: this one. */
  readonly replica?: string;
  /** That nothing is known of it, and why: instead of a resource. */
  readonly unknown?: string;
}

/**
 * Knows for each Ingress of one gateway which nodes have accepted it. A node counts from when it holds the wanted version of
 * everything that the Ingress shapes, all at once, until the Ingress changes or the node goes: later changes of others
 * who share a resource with it, and of endpoints, take nothing back.
 *
 * The cost follows the change: an Ingress is looked at when it changes, when what it waits for is answered, and when nodes
 * come and go.
 */
export interface Liveness {
  /** To be told of each resource before the nodes are. */
  rendered(rendering: string, resource: Resource): void;
  dropped(rendering: string, ref: ResourceRef): void;
  /** A node has accepted, refused or let go of a resource. */
  answered(resource: string): void;
  /** Objects have changed, or have been set aside. */
  changed(ingresses: Iterable<ObjectKey>): void;
  /** Nodes have come or gone. */
  nodesChanged(): void;
  /** What was not current may be so now. */
  settled(): void;
  /** Undefined: it is not served, or nothing is known yet. */
  state(ingress: ObjectKey): LiveState | undefined;
  missing(ingress: ObjectKey): readonly Missing[];
  /** The nodes that the states count, by name. */
  nodes(): readonly string[];
  /** Calls the listener with the Ingresses whose state has changed, also with none when just the nodes have. */
  onChange(listener: (ingresses: readonly ObjectKey[]) => void): void;
}

interface Entry {
  form: IngressForm;
  accepted: Set<LiveNode>;
  /** Keys that it waits for. */
  parked: Set<string>;
  state: LiveState;
}

export function createLiveness(source: LivenessSource): Liveness {
  const indexes = new Map<string, OriginIndex>();
  const entries = new Map<ObjectKey, Entry>();
  /** What an Ingress shaped before: its removal belongs to the change as well. */
  const leaving = new Map<ObjectKey, Set<string>>();
  const waiting = new Map<string, Set<ObjectKey>>();
  let dirty = new Set<ObjectKey>();
  /** Those that all states count. */
  let counted: readonly LiveNode[] = [];
  let mayHaveOtherNodes = false;
  let scheduled = false;
  let listeners: readonly ((ingresses: readonly ObjectKey[]) => void)[] = [];

  const indexOf = (rendering: string): OriginIndex => {
    const found = indexes.get(rendering) ?? createOriginIndex();
    indexes.set(rendering, found);
    return found;
  };
  const wake = (resource: string): void => {
    for (const ingress of waiting.get(resource) ?? []) touch(ingress);
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    source.soon(evaluate);
  };
  const touch = (ingress: ObjectKey): void => {
    dirty.add(ingress);
    schedule();
  };
  const leave = (ingresses: readonly ObjectKey[], key: string): void => {
    for (const ingress of ingresses) {
      const keys = leaving.get(ingress);
      if (keys === undefined) leaving.set(ingress, new Set([key]));
      else keys.add(key);
    }
  };

  const needed = (ingress: ObjectKey, rendering: string): Set<string> => {
    const index = indexOf(rendering);
    const keys = new Set([...index.of(ingress), ...(leaving.get(ingress) ?? [])]);
    for (const key of [...keys]) {
      const resource = index.resource(key);
      if (resource === undefined || resource.typeUrl !== TYPE_URLS.VIRTUAL_HOST) continue;
      for (const ref of resource.dependsOn) keys.add(resourceKey(ref));
      for (const other of source.alsoNeeded(resource)) keys.add(other);
    }
    return keys;
  };
  const unmet = (ingress: ObjectKey, node: LiveNode) =>
    [...needed(ingress, node.rendering)].flatMap((key) => {
      const standing = node.standing(key);
      return standing.kind === "held" ? [] : [{ key, standing }];
    });

  const unpark = (ingress: ObjectKey, entry: Entry): void => {
    for (const key of entry.parked) {
      const parked = waiting.get(key);
      if (parked?.delete(ingress) && parked.size === 0) waiting.delete(key);
    }
    entry.parked.clear();
  };
  const park = (ingress: ObjectKey, entry: Entry, key: string): void => {
    entry.parked.add(key);
    const parked = waiting.get(key);
    if (parked === undefined) waiting.set(key, new Set([ingress]));
    else parked.add(ingress);
  };

  /** Looks at one Ingress; true if its state is another one. */
  const examine = (ingress: ObjectKey, nodes: readonly LiveNode[]): boolean => {
    const form = source.form(ingress);
    const before = entries.get(ingress);
    if (form === undefined) {
      if (before !== undefined) unpark(ingress, before);
      leaving.delete(ingress);
      return entries.delete(ingress);
    }
    const isSame = before?.form.revision === form.revision && form.aside === undefined;
    const entry = before ?? { form, accepted: new Set(), parked: new Set(), state: NO_STATE };
    if (!isSame) entry.accepted = new Set();
    entry.form = form;
    entries.set(ingress, entry);
    unpark(ingress, entry);
    const accepted = new Set<LiveNode>();
    let refused = 0;
    for (const node of nodes) {
      if (form.aside !== undefined) {
        if (form.aside.words !== undefined) refused++;
        continue;
      }
      const lacks = entry.accepted.has(node) ? [] : unmet(ingress, node);
      if (lacks.length === 0) accepted.add(node);
      if (lacks.some(({ standing }) => standing.kind === "refused")) refused++;
      for (const { key } of lacks) park(ingress, entry, key);
    }
    entry.accepted = accepted;
    if (accepted.size === nodes.length) leaving.delete(ingress);
    const { revision, generation } = form;
    const state = { revision, generation, nodes: nodes.length, accepted: accepted.size, refused };
    const isChanged = !sameState(entry.state, state);
    entry.state = state;
    return isChanged;
  };

  const evaluate = (): void => {
    scheduled = false;
    // It is told when it may be current again.
    if (!source.isCurrent()) return;
    const nodes = source.nodes();
    const hasOthers = nodes.length !== counted.length || nodes.some((node, i) => node !== counted[i]);
    const keys = hasOthers ? new Set([...entries.keys(), ...dirty]) : dirty;
    dirty = new Set();
    counted = nodes;
    mayHaveOtherNodes = false;
    const changed = [...keys].filter((ingress) => examine(ingress, nodes));
    if (hasOthers || changed.length > 0) for (const listener of listeners) listener(changed);
  };

  return {
    rendered(rendering, resource) {
      const key = resourceKey(resource);
      leave(indexOf(rendering).rendered(resource).left, key);
      wake(key);
    },
    dropped(rendering, ref) {
      const key = resourceKey(ref);
      leave(indexOf(rendering).dropped(ref).left, key);
      wake(key);
    },
    answered: wake,
    changed(ingresses) {
      for (const ingress of ingresses) {
        const entry = entries.get(ingress);
        // At once: it may have its old form again before it is looked at, and nodes another one.
        if (entry !== undefined && source.form(ingress)?.revision !== entry.form.revision)
          entry.accepted = new Set();
        touch(ingress);
      }
    },
    nodesChanged() {
      mayHaveOtherNodes = true;
      schedule();
    },
    settled() {
      if (dirty.size > 0 || mayHaveOtherNodes) schedule();
    },
    state: (ingress) => entries.get(ingress)?.state,
    missing(ingress) {
      const entry = entries.get(ingress);
      if (entry === undefined) return [];
      const { aside } = entry.form;
      return source.nodes().flatMap((node): Missing[] => {
        if (aside !== undefined) return [{ node: node.name, ...aside }];
        if (entry.accepted.has(node)) return [];
        const lacks = unmet(ingress, node);
        const worst = lacks.find(({ standing }) => standing.kind === "refused") ?? lacks[0];
        if (worst === undefined) return [{ node: node.name }];
        const resource = worst.key.slice(worst.key.indexOf("\u0000") + 1);
        const words = worst.standing.kind === "refused" ? { words: worst.standing.words } : {};
        return [{ node: node.name, resource, ...words }];
      });
    },
    nodes: () => counted.map(({ name }) => name),
    onChange(listener) {
      listeners = [...listeners, listener];
    },
  };
}

/** Differs from every state that there can be. */
const NO_STATE: LiveState = { revision: "", generation: -1, nodes: -1, accepted: -1, refused: -1 };

function sameState(a: LiveState, b: LiveState): boolean {
  return (
    a.revision === b.revision &&
    a.generation === b.generation &&
    a.nodes === b.nodes &&
    a.accepted === b.accepted &&
    a.refused === b.refused
  );
}
