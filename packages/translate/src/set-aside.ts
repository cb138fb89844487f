import { type Ingress, type ObjectKey, objectKey } from "@sluice/model";
import { type Cell, cell, type Store } from "@sluice/store";

/** An Ingress that translation does not look at in its present form. */
export interface SetAsideEntry {
  /** The form that is set aside. Another form of the object ends this by itself. */
  readonly refused: Ingress;
  /** What translation sees in its place; undefined: nothing. */
  readonly replacement: Ingress | undefined;
}

/**
 * Ingresses that share a resource with others and made it unacceptable: translation sees an earlier form of
 * theirs, or none, so that the others stay changeable.
 */
export interface SetAside {
  set(refused: Ingress, replacement: Ingress | undefined): void;
  lift(key: ObjectKey): void;
  /** Drops what is known of an Ingress that exists no more. */
  forget(key: ObjectKey): void;
  /** The Ingress as translation is to see it. A recorded read. */
  effective(store: Store, namespace: string, name: string): Ingress | undefined;
  /** Entries whose object still has the form that is set aside. */
  entries(store: Store): readonly SetAsideEntry[];
}

export function createSetAside(): SetAside {
  const cells = new Map<ObjectKey, Cell<SetAsideEntry | undefined>>();
  const at = (key: ObjectKey): Cell<SetAsideEntry | undefined> => {
    const known = cells.get(key);
    if (known !== undefined) return known;
    const made = cell<SetAsideEntry | undefined>(undefined);
    cells.set(key, made);
    return made;
  };

  return {
    set: (refused, replacement) =>
      at(objectKey({ kind: "Ingress", ...refused.metadata })).set({ refused, replacement }),
    lift: (key) => cells.get(key)?.set(undefined),
    forget: (key) => void cells.delete(key),
    effective(store, namespace, name) {
      const ingress = store.get("Ingress", namespace, name);
      const entry = at(objectKey({ kind: "Ingress", namespace, name })).get();
      return entry !== undefined && entry.refused === ingress ? entry.replacement : ingress;
    },
    entries: (store) =>
      [...cells.values()]
        .map((each) => each.get())
        .filter((entry) => entry !== undefined)
        .filter(
          ({ refused }) =>
            store.get("Ingress", refused.metadata.namespace, refused.metadata.name) === refused,
        ),
  };
}
