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
  /** The Ingress as translation is to see it. A recorded read. */
  effective(store: Store, namespace: string, name: string): Ingress | undefined;
  /** Entries whose object still has the form that is set aside. */
  entries(store: Store): readonly SetAsideEntry[];
}

export function createSetAside(): SetAside {
  const cells = new Map<ObjectKey, Cell<SetAsideEntry | undefined>>();
  // Joins the reads of all Ingresses to the few that are ever set aside, without a cell for each of the others.
  const known = cell(0);
  const keyOf = (ingress: Ingress): ObjectKey => objectKey({ kind: "Ingress", ...ingress.metadata });

  return {
    set(refused, replacement) {
      const key = keyOf(refused);
      const at = cells.get(key);
      if (at !== undefined) at.set({ refused, replacement });
      else {
        cells.set(key, cell<SetAsideEntry | undefined>({ refused, replacement }));
        known.set(cells.size);
      }
    },
    lift(key) {
      cells.get(key)?.set(undefined);
    },
    effective(store, namespace, name) {
      const ingress = store.get("Ingress", namespace, name);
      const at = cells.get(objectKey({ kind: "Ingress", namespace, name }));
      if (at === undefined) known.get();
      const entry = at?.get();
      return entry !== undefined && entry.refused === ingress ? entry.replacement : ingress;
    },
    entries: (store) =>
      [...cells.values()]
        .map((at) => at.get())
        .filter((entry) => entry !== undefined)
        .filter(
          ({ refused: { metadata }, refused }) =>
            store.get("Ingress", metadata.namespace, metadata.name) === refused,
        ),
  };
}
