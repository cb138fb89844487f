import type { Form } from "./form.ts";
import { removed } from "./holdings.ts";
import type { Batch } from "./in-flight.ts";
import { typeOf } from "./keys.ts";
import type { NodeState } from "./node-state.ts";
import { isAcceptedUnseen } from "./type-urls.ts";

/**
 * The node has refused these batches (on state of the world one answer may be about several). What was refused
 * alone is the culprit; of several resources, parts are sent again until the culprits stand alone.
 */
export function refuse(state: NodeState, batches: readonly Batch[], words: string): void {
  const forms = new Map<string, Form | undefined>();
  for (const batch of batches) {
    state.ledger.inFlight.land(batch);
    for (const form of batch.sets) state.free(state.ledger.release(form));
    for (const form of batch.sets) if (!batch.carried.has(form.key)) forms.set(form.key, form);
    for (const key of batch.removals) if (!batch.carried.has(key)) forms.set(key, undefined);
  }
  const sets = [...forms.values()].filter((form) => form !== undefined);
  const removals = [...forms.keys()].filter((key) => forms.get(key) === undefined);
  const [culprit, another] = sets;
  const alone = another === undefined && removals.length === 0 && !batches.some((one) => isLaden(state, one));
  if (culprit !== undefined && alone) convict(state, culprit, words);
  else if (culprit !== undefined) search(state, batches, sets, removals);
  // Nothing in it could be at fault; that the names are gone is all that was said.
  else for (const key of removals) removed(state, key);
}

/** Whether a batch carried something that the node has not accepted, which may be why it was refused. */
function isLaden({ ledger }: NodeState, { sets, carried }: Batch): boolean {
  return sets.some(({ key, version }) => carried.has(key) && ledger.held(key)?.version !== version);
}

/**
 * Envoy drops everything in a refused response, or not (it depends on where the fault is found): all of it is
 * sent again, in parts.
 */
function search(
  state: NodeState,
  batches: readonly Batch[],
  sets: readonly Form[],
  removals: readonly string[],
): void {
  const suspects = sets.map((form) => form.key);
  for (const key of [...suspects, ...removals]) {
    state.mark(key, Math.min(...batches.map((batch) => batch.since.get(key) ?? state.world.revision)));
    if (state.wants(key)) state.owed.add(key);
    state.pending.shelve(key);
  }
  for (const { typeUrl } of batches.slice(0, 1)) state.suspectsOf(typeUrl).split(suspects, removals);
}

/** `form` was refused alone: it is withheld from this node. */
function convict(state: NodeState, form: Form, words: string): void {
  const { key } = form;
  const now = state.now();
  state.ledger.pardon(key, [state.world.wanted(key)?.version, state.world.accepted(key)?.version]);
  state.ledger.refuse(form, { version: form.version, words, at: now });
  state.suspicious.add(key);
  if (!isAcceptedUnseen(typeOf(key))) state.retries.refused(key, now);
  // What the client compares with must be what it uses, or a listener that comes later takes the one refused.
  else if ((state.ledger.held(key)?.version ?? form.version) !== form.version) state.owed.add(key);
  state.world.noteRefused(state.node, form, words, now);
  // Something else may do in its place: what some node accepted, or a version that came meanwhile.
  state.mark(key, state.world.revision);
  state.pending.wake(key);
}
