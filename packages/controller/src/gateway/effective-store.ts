import { type KubeObject, type ObjectKey, objectKey, parseObjectKey } from "@sluice/model";
import type { Store } from "@sluice/store";

/** An object that translation does not see in its present form. */
export interface Aside {
  readonly object: KubeObject;
  /** What translation sees in its place; undefined: nothing. */
  readonly replacement: KubeObject | undefined;
}

/**
 * The objects as translation is to see them: those of the source store, but for some that are set aside, of which an
 * earlier form is there or none. Setting aside holds for one form of an object: another form of it ends it.
 */
export interface EffectiveStore {
  /** Holds the objects as they are to be seen; shares the graph of the source. Not to be written to by others. */
  readonly store: Store;
  /** Takes over from the source what has changed there. */
  follow(keys: readonly ObjectKey[]): void;
  /** The object as the source had it when it was last followed, set aside or not. */
  present(key: ObjectKey): KubeObject | undefined;
  /** Makes exactly this what is set aside among `candidates`, as one change. Forms that are not present are passed over. */
  setAside(candidates: readonly KubeObject[], aside: readonly Aside[]): void;
  /** The entry of this very form, if it is set aside. */
  aside(object: KubeObject): Aside | undefined;
}

/** `onSetAside` is told of the candidates of which another form is seen than before, before anything follows from it. */
export function createEffectiveStore(
  source: Store,
  onSetAside: (keys: readonly ObjectKey[]) => void = () => {},
): EffectiveStore {
  const store = source.fork();
  const entries = new Map<ObjectKey, Aside>();
  const read = (from: Store, key: ObjectKey): KubeObject | undefined => {
    const { kind, namespace, name } = parseObjectKey(key);
    return from.get(kind, namespace, name);
  };
  const present = (key: ObjectKey): KubeObject | undefined => entries.get(key)?.object ?? read(store, key);
  const isPresent = (object: KubeObject): boolean => present(keyOf(object)) === object;
  const write = (objects: ReadonlyMap<ObjectKey, KubeObject | undefined>): void => {
    store.apply({
      set: [...objects.values()].filter((object) => object !== undefined),
      removed: [...objects].filter(([, object]) => object === undefined).map(([key]) => parseObjectKey(key)),
    });
  };

  store.apply({ set: source.dump(), removed: [] });
  return {
    store,
    present,
    follow(keys) {
      for (const key of keys) entries.delete(key);
      write(new Map(keys.map((key) => [key, read(source, key)])));
    },
    setAside(candidates, aside) {
      const seen = new Map<ObjectKey, KubeObject | undefined>();
      for (const object of candidates.filter(isPresent)) {
        const key = keyOf(object);
        const entry = aside.find((each) => each.object === object);
        seen.set(key, entry === undefined ? object : entry.replacement);
      }
      for (const key of seen.keys()) entries.delete(key);
      for (const entry of aside) if (seen.has(keyOf(entry.object))) entries.set(keyOf(entry.object), entry);
      onSetAside([...seen.keys()]);
      write(seen);
    },
    aside(object) {
      const entry = entries.get(keyOf(object));
      return entry?.object === object ? entry : undefined;
    },
  };
}

function keyOf({ kind, metadata }: KubeObject): ObjectKey {
  return objectKey({ kind, namespace: metadata.namespace, name: metadata.name });
}
