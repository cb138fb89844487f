import {
  compareDiagnostics,
  type Diagnostic,
  displayName,
  type KubeObject,
  type ObjectKey,
  objectKey,
  parseObjectKey,
} from "@sluice/model";
import type { Store, StoreChange } from "./store.ts";

/** What one source writes to, of several that may hold the same objects. */
export type SourceLayer = Pick<Store, "apply">;

/** The source of the findings about objects that are in several layers. */
const SOURCE = "layers";

/**
 * Stores for sources that may hold the same objects: of one that several hold, the store has the form of the first of them.
 * So a source that takes out an object takes out its own form, and that of another comes into force. Each object that is held
 * twice is a diagnostic. `names` are for people, in the order of precedence, each with its article.
 */
export function layerSources(store: Store, names: readonly string[]): readonly SourceLayer[] {
  const layers = names.map((name) => ({ name, objects: new Map<ObjectKey, KubeObject>() }));
  const findings = new Map<ObjectKey, Diagnostic>();

  const follow = (keys: Iterable<ObjectKey>): StoreChange => {
    const set: KubeObject[] = [];
    const removed: ObjectKey[] = [];
    let isNews = false;
    for (const key of keys) {
      const [first, second] = layers.flatMap(({ name, objects }) => {
        const object = objects.get(key);
        return object === undefined ? [] : [{ name, object }];
      });
      if (first === undefined) removed.push(key);
      else set.push(first.object);
      isNews = findings.delete(key) || isNews;
      if (first === undefined || second === undefined) continue;
      findings.set(key, duplicate(key, first.name, second.name, second.object));
      isNews = true;
    }
    if (isNews) store.setDiagnostics(SOURCE, [...findings.values()].sort(compareDiagnostics));
    return { set, removed: removed.map(parseObjectKey) };
  };

  return layers.map(({ objects }) => ({
    apply({ set, removed }) {
      const keys = new Set<ObjectKey>();
      for (const ref of removed) {
        const key = objectKey(ref);
        if (objects.delete(key)) keys.add(key);
      }
      for (const object of set) {
        const { kind, metadata } = object;
        const key = objectKey({ kind, namespace: metadata.namespace, name: metadata.name });
        objects.set(key, object);
        keys.add(key);
      }
      store.graph.batch(() => store.apply(follow(keys)));
    },
  }));
}

function duplicate(key: ObjectKey, first: string, second: string, loser: KubeObject): Diagnostic {
  const ref = parseObjectKey(key);
  return {
    code: "object-duplicate",
    severity: "warning",
    origin: { object: ref },
    message: `${ref.kind} ${displayName(ref)} is in ${first} and in ${second}: that of ${first} is in force.`,
    hint: "Remove or rename one of them.",
    ...(loser.location ? { location: loser.location } : {}),
  };
}
