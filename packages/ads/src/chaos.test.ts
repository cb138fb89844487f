import { type Resource, resourceKey } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NodeSession } from "./node-session.ts";
import type { Variant } from "./node-state.ts";
import type { Request, Response } from "./protocol.ts";
import { inline, inShared, later, make, resource } from "./testing/fixtures.ts";
import { TYPE_ORDER, TYPE_URLS } from "./type-urls.ts";
import { World } from "./world.ts";

/** Clients that keep to no rule: whatever they say, the session must not throw, nor talk without end. */

const NAMES = ["a", "b", "r", "r/a", "r/b", "*", ""];

interface Remark {
  readonly kind: "remark";
  readonly typeUrl: string;
  /** Which of the responses of the type so far is answered, counted from the last; none if there is no such one. */
  readonly answers: number;
  readonly refuses: boolean;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
}
interface Change {
  readonly kind: "change";
  readonly version: number;
  readonly present: readonly boolean[];
}
type Act = Remark | Change | { readonly kind: "wait" };

const names = fc.subarray(NAMES);
const remark: fc.Arbitrary<Act> = fc.record({
  kind: fc.constant("remark" as const),
  typeUrl: fc.constantFrom(...TYPE_ORDER, TYPE_URLS.CLUSTER, TYPE_URLS.VIRTUAL_HOST),
  answers: fc.nat(4),
  refuses: fc.boolean(),
  subscribe: names,
  unsubscribe: names,
});
const change: fc.Arbitrary<Act> = fc.record({
  kind: fc.constant("change" as const),
  version: fc.nat(3),
  present: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
});
const acts = fc.array(
  fc.oneof({ weight: 4, arbitrary: remark }, change, fc.constant<Act>({ kind: "wait" })),
  {
    maxLength: 40,
  },
);

function resources(v: number): Resource[] {
  return [
    make.listener("r", { v }),
    make.routes("r", { v }),
    resource(TYPE_URLS.SECRET, "a", { v }),
    resource(TYPE_URLS.SECRET, "b", { v }),
    ...["a", "b"].flatMap((name) => [make.cluster(name, { v }), make.endpoints(name, { v })]),
    inShared(make.host("r/a", "a", { v })),
    make.host("r/c", "a", { v }),
    later(make.host("r/b", "b", { v })),
  ];
}

/** Types of which more than one response may be unanswered. */
const MANY_UNDER_WAY: readonly string[] = [TYPE_URLS.CLUSTER, TYPE_URLS.SECRET];

const isByName = (typeUrl: string) =>
  [TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, TYPE_URLS.ROUTE_CONFIGURATION, TYPE_URLS.SECRET].some(
    (one) => one === typeUrl,
  );

class Chaos {
  readonly variant: Variant;
  readonly world = new World();
  readonly session: NodeSession;
  readonly #heard: Response[] = [];
  #now = 0;

  constructor(variant: Variant) {
    this.variant = variant;
    this.world.open();
    this.session = new NodeSession({
      node: "n",
      variant,
      world: this.world,
      inline,
      now: () => this.#now,
      limits: { maxResources: 3, maxBytes: 10_000 },
    });
    this.world.subscribe((keys) => this.session.onChange(keys));
  }

  act(act: Act): void {
    if (act.kind === "wait") this.#now += 150;
    else if (act.kind === "change") this.change(act);
    else this.say(act);
    this.listen();
  }

  change({ version, present }: Change): void {
    const all = resources(version);
    const wanted = all.filter((_, i) => present[i % present.length]);
    const keys = new Set(wanted.map(resourceKey));
    this.world.apply({ set: wanted, removed: all.filter((one) => !keys.has(resourceKey(one))) });
  }

  say({ typeUrl, answers, refuses, subscribe, unsubscribe }: Remark): void {
    const nonce = this.#heard.filter((one) => one.typeUrl === typeUrl).at(-1 - answers)?.nonce ?? "";
    const want: Request["want"] =
      this.variant === "delta"
        ? { variant: "delta", subscribe, unsubscribe, initialVersions: {} }
        : { variant: "sotw", names: subscribe };
    this.session.onRequest({ typeUrl, nonce, want, ...(refuses ? { error: "no" } : {}) });
  }

  /** Hears all that the session says without being answered. */
  listen(): Response[] {
    const heard: Response[] = [];
    for (let said = this.session.next(); said.length > 0; said = this.session.next()) {
      heard.push(...said);
      if (heard.length > 100) throw new Error("it talks without end");
    }
    this.#heard.push(...heard);
    return heard;
  }

  /** From here on the client wants everything. */
  ask(): void {
    const again = NAMES.filter((name) => name !== "*" && name !== "");
    for (const typeUrl of TYPE_ORDER) {
      const subscribe = isByName(typeUrl) ? again : ["*"];
      this.say({ kind: "remark", typeUrl, answers: 0, refuses: false, subscribe, unsubscribe: [] });
    }
  }

  /** The client asks by name for nothing any more. */
  letGo(): void {
    for (const typeUrl of TYPE_ORDER.filter(isByName))
      this.say({ kind: "remark", typeUrl, answers: 0, refuses: false, subscribe: [], unsubscribe: NAMES });
  }

  /** From here on the client accepts everything. */
  comeToReason(): void {
    for (let round = 0; round < 200; round++) {
      this.#now += 500;
      const said = this.listen();
      for (const typeUrl of TYPE_ORDER) {
        const names = this.session.state.subscription(typeUrl).names;
        const keep = this.session.state.isWildcard(typeUrl) ? ["*", ...names] : [...names];
        const answered = { subscribe: this.variant === "delta" ? [] : keep, unsubscribe: [] };
        // The oldest first, as they were heard.
        for (const batch of this.session.state.ledger.inFlight.of(typeUrl)) {
          const from = this.#heard.filter((one) => one.typeUrl === typeUrl).reverse();
          const answers = from.findIndex((one) => one.nonce === batch.nonce);
          this.say({ kind: "remark", typeUrl, answers, refuses: false, ...answered });
        }
      }
      if (said.length === 0 && this.session.idle) return;
    }
    throw new Error("it does not come to rest");
  }
}

describe.each(["delta", "sotw"] as const)("%s", (variant) => {
  test("no client makes a session throw, talk without end, or forget what it owes", () => {
    fc.assert(
      fc.property(acts, (script) => {
        const chaos = new Chaos(variant);
        for (const act of script) {
          chaos.act(act);
          for (const typeUrl of TYPE_ORDER) {
            const { length } = chaos.session.state.ledger.inFlight.of(typeUrl);
            if (!MANY_UNDER_WAY.includes(typeUrl)) expect(length).toBeLessThanOrEqual(1);
          }
        }
        chaos.ask();
        // What was refused is tried again when it changes.
        chaos.change({ kind: "change", version: 9, present: [true] });
        chaos.comeToReason();
        for (const one of resources(9))
          expect([one.name, chaos.session.state.ledger.held(resourceKey(one))?.version]).toEqual([
            one.name,
            one.version,
          ]);
        expect(chaos.world.quarantine()).toEqual([]);
        // And when all is gone, nothing is remembered of it but what a client that asks by name has.
        chaos.world.apply({ set: [], removed: resources(9) });
        chaos.letGo();
        chaos.comeToReason();
        const { state } = chaos.session;
        expect([
          ...state.ledger.heldOf(TYPE_URLS.VIRTUAL_HOST),
          ...state.ledger.heldOf(TYPE_URLS.CLUSTER),
        ]).toEqual([]);
        expect([state.ledger.refused().size, state.suspicious.size, [...state.retries.keys()]]).toEqual([
          0,
          0,
          [],
        ]);
        expect(state.pending.blocked().size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
