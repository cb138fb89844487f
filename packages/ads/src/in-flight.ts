import type { Form } from "./form.ts";
import type { Variant } from "./node-state.ts";

/** A response that the node has not answered yet, or rather what it changes. */
export interface Batch {
  /** Type URL under which it travels. */
  readonly typeUrl: string;
  readonly nonce: string;
  readonly sets: readonly Form[];
  /** Keys. */
  readonly removals: readonly string[];
  /** Key → revision of the world from which the change dates. */
  readonly since: ReadonlyMap<string, number>;
  /** Keys that are part of it only because an earlier batch, not answered when this one left, brought them. */
  readonly carried: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
}

/** What the batches in flight say about one key. */
interface Flight {
  readonly batches: number;
  readonly removals: number;
  readonly since: number;
  /** What it will be once all are answered; undefined: removed. */
  readonly form: Form | undefined;
  /** Whether all the batches bring the same form. */
  readonly uniform: boolean;
}

const NONE: readonly Batch[] = [];

/** Responses that the node has not answered, oldest first. */
export class InFlight {
  readonly #batches = new Map<string, readonly Batch[]>();
  readonly #flights = new Map<string, Flight>();

  get empty(): boolean {
    return this.#batches.size === 0;
  }

  of(channel: string): readonly Batch[] {
    return this.#batches.get(channel) ?? NONE;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /** Since when a key in flight needed sending; undefined when it is not in flight. */
  since(key: string): number | undefined {
    return this.#flights.get(key)?.since;
  }

  /** The form of a key in flight that was sent last; undefined if that was a removal, or nothing. */
  form(key: string): Form | undefined {
    return this.#flights.get(key)?.form;
  }

  /** The form under which the node holds `key` if it holds one that is in flight; undefined if that cannot be told. */
  onlyForm(key: string): Form | undefined {
    const flight = this.#flights.get(key);
    return flight?.uniform ? flight.form : undefined;
  }

  /** Whether a removal of `key` is in flight: the node may still hold it, or not. */
  isLeaving(key: string): boolean {
    return (this.#flights.get(key)?.removals ?? 0) > 0;
  }

  add(batch: Batch): void {
    this.#batches.set(batch.typeUrl, [...this.of(batch.typeUrl), batch]);
    for (const form of batch.sets) this.#depart(batch, form.key, form);
    for (const key of batch.removals) this.#depart(batch, key);
  }

  /**
   * The batches that an answer to `nonce` is about. On delta each is answered; on state of the world a client may
   * answer only the latest, which says what it makes of all before.
   */
  answered(channel: string, nonce: string, variant: Variant): readonly Batch[] {
    const batches = this.of(channel);
    const index = nonce === "" ? -1 : batches.findIndex((batch) => batch.nonce === nonce);
    if (index < 0) return NONE;
    return batches.slice(variant === "delta" ? index : 0, index + 1);
  }

  /** The batch has been answered. */
  land(batch: Batch): void {
    const rest = this.of(batch.typeUrl).filter((one) => one !== batch);
    if (rest.length > 0) this.#batches.set(batch.typeUrl, rest);
    else this.#batches.delete(batch.typeUrl);
    for (const form of batch.sets) this.#arrive(form.key, 0);
    for (const key of batch.removals) this.#arrive(key, 1);
  }

  #depart(batch: Batch, key: string, form?: Form): void {
    const before = this.#flights.get(key);
    const since = batch.since.get(key) ?? 0;
    this.#flights.set(key, {
      batches: (before?.batches ?? 0) + 1,
      removals: (before?.removals ?? 0) + (form === undefined ? 1 : 0),
      since: Math.min(since, before?.since ?? since),
      form,
      uniform: before === undefined || (before.uniform && before.form?.version === form?.version),
    });
  }

  #arrive(key: string, removals: number): void {
    const flight = this.#flights.get(key);
    if (flight === undefined || flight.batches === 1) this.#flights.delete(key);
    else
      this.#flights.set(key, {
        ...flight,
        batches: flight.batches - 1,
        removals: flight.removals - removals,
      });
  }
}
