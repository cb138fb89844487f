import type { Collected } from "./collect.ts";
import type { Form } from "./form.ts";
import type { NodeState } from "./node-state.ts";

/**
 * On state of the world a response holds what is under way, too, and is refused for the sake of that as well: so
 * it counts as part of the change. `carried` are the keys that are part of it for this reason only.
 */
export function cumulate(
  state: NodeState,
  channel: string,
  change: Collected,
): Collected & { readonly carried: ReadonlySet<string> } {
  const earlier = state.ledger.inFlight.of(channel);
  if (state.variant === "delta" || earlier.length === 0) return { ...change, carried: new Set() };
  const forms = new Map<string, Form | undefined>();
  const since = new Map<string, number>();
  for (const layer of [...earlier, change]) {
    for (const form of layer.sets) forms.set(form.key, form);
    for (const key of layer.removals) forms.set(key, undefined);
    for (const [key, at] of layer.since) since.set(key, Math.min(at, since.get(key) ?? at));
  }
  return {
    sets: [...forms.values()].filter((form) => form !== undefined),
    removals: [...forms].filter(([, form]) => form === undefined).map(([key]) => key),
    since,
    carried: new Set([...since.keys()].filter((key) => !change.since.has(key))),
  };
}
