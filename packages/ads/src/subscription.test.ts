import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Subscription, type SubscriptionChange } from "./subscription.ts";

const NO_CHANGE: SubscriptionChange = {
  added: [],
  dropped: [],
  wildcardStarted: false,
  wildcardEnded: false,
};

type Request = readonly [subscribe: string, unsubscribe?: string];

const list = (names = "") => names.split(" ").filter((name) => name !== "");

interface Row {
  readonly rule: string;
  readonly requests: readonly Request[];
  /** What the last request changed. */
  readonly change: Partial<SubscriptionChange>;
  /** Names that are wanted in the end, and some that are not. */
  readonly wants: string;
  readonly wantsNot?: string;
  readonly named?: boolean;
}

describe("delta", () => {
  const rows: Row[] = [
    {
      rule: "an empty first request means everything",
      requests: [[""]],
      change: { wildcardStarted: true },
      wants: "a b",
    },
    { rule: "an answer changes nothing", requests: [[""], [""]], change: {}, wants: "a b" },
    {
      rule: "an empty first request means nothing of a type without wildcard",
      requests: [[""]],
      change: {},
      wants: "",
      wantsNot: "a",
      named: true,
    },
    { rule: "names", requests: [["a b"]], change: { added: ["a", "b"] }, wants: "a b", wantsNot: "c" },
    {
      rule: "an empty request after names is no wildcard",
      requests: [["a"], [""]],
      change: {},
      wants: "a",
      wantsNot: "b",
    },
    {
      rule: "* is everything, even after names",
      requests: [["a"], ["*"]],
      change: { wildcardStarted: true },
      wants: "a b",
    },
    {
      rule: "* ends",
      requests: [["* a"], ["", "*"]],
      change: { wildcardEnded: true },
      wants: "a",
      wantsNot: "b",
    },
    {
      rule: "a legacy wildcard ends as * does",
      requests: [[""], ["", "*"]],
      change: { wildcardEnded: true },
      wants: "",
      wantsNot: "a",
    },
    {
      rule: "a legacy wildcard outlives names",
      requests: [[""], ["a"]],
      change: { added: ["a"] },
      wants: "a b",
    },
    { rule: "names add up", requests: [["a"], ["b"]], change: { added: ["b"] }, wants: "a b" },
    {
      rule: "a name asked for again is answered again",
      requests: [["a"], ["a"]],
      change: { added: ["a"] },
      wants: "a",
    },
    {
      rule: "a name let go",
      requests: [["a b"], ["", "a"]],
      change: { dropped: ["a"] },
      wants: "b",
      wantsNot: "a",
    },
    {
      rule: "a name let go under a wildcard is answered",
      requests: [["* a"], ["", "a"]],
      change: { added: ["a"] },
      wants: "a",
    },
    {
      rule: "a name that was never asked for is let go",
      requests: [["a"], ["", "z"]],
      change: {},
      wants: "a",
    },
    {
      rule: "a name asked for and let go in one request",
      requests: [["a", "a"]],
      change: { dropped: ["a"] },
      wants: "",
      wantsNot: "a",
    },
  ];
  test.each(rows)("$rule", ({ requests, change, wants, wantsNot, named }) => {
    const subscription = new Subscription(named !== true);
    let last = NO_CHANGE;
    for (const [subscribe, unsubscribe] of requests)
      last = subscription.update(list(subscribe), list(unsubscribe));
    expect(last).toEqual({ ...NO_CHANGE, ...change });
    for (const name of list(wants)) expect(subscription.wants(name)).toBe(true);
    for (const name of list(wantsNot)) expect(subscription.wants(name)).toBe(false);
  });
});

describe("state of the world", () => {
  const rows: Row[] = [
    {
      rule: "an empty first request means everything",
      requests: [[""]],
      change: { wildcardStarted: true },
      wants: "a b",
    },
    { rule: "an answer changes nothing", requests: [[""], [""]], change: {}, wants: "a" },
    {
      rule: "an empty first request means nothing of a type without wildcard",
      requests: [[""]],
      change: {},
      wants: "",
      wantsNot: "a",
      named: true,
    },
    { rule: "names", requests: [["a b"]], change: { added: ["a", "b"] }, wants: "a b", wantsNot: "c" },
    {
      rule: "names replace names",
      requests: [["a b"], ["b c"]],
      change: { added: ["c"], dropped: ["a"] },
      wants: "b c",
      wantsNot: "a",
    },
    {
      rule: "an empty list after names means nothing",
      requests: [["a"], [""]],
      change: { dropped: ["a"] },
      wants: "",
      wantsNot: "a b",
    },
    {
      rule: "names end a legacy wildcard",
      requests: [[""], ["a"]],
      change: { wildcardEnded: true },
      wants: "a",
      wantsNot: "b",
    },
    {
      rule: "an empty list after that means nothing",
      requests: [[""], ["a"], [""]],
      change: { dropped: ["a"] },
      wants: "",
      wantsNot: "b",
    },
    {
      rule: "* with a name",
      requests: [["* a"]],
      change: { added: ["a"], wildcardStarted: true },
      wants: "a b",
    },
    {
      rule: "* left out ends",
      requests: [["* a"], ["a"]],
      change: { wildcardEnded: true },
      wants: "a",
      wantsNot: "b",
    },
    {
      rule: "an empty list ends *",
      requests: [["*"], [""]],
      change: { wildcardEnded: true },
      wants: "",
      wantsNot: "a",
    },
  ];
  test.each(rows)("$rule", ({ requests, change, wants, wantsNot, named }) => {
    const subscription = new Subscription(named !== true);
    let last = NO_CHANGE;
    for (const [names] of requests) last = subscription.replace(list(names));
    expect(last).toEqual({ ...NO_CHANGE, ...change });
    for (const name of list(wants)) expect(subscription.wants(name)).toBe(true);
    for (const name of list(wantsNot)) expect(subscription.wants(name)).toBe(false);
  });
});

test("delta and state of the world agree on what is wanted, and on when", () => {
  const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "*"));
  fc.assert(
    fc.property(fc.array(names), (requests) => {
      const [delta, sotw] = [new Subscription(false), new Subscription(false)];
      let before: readonly string[] = [];
      const sets: readonly (readonly string[])[] = requests;
      for (const now of sets) {
        const gone = before.filter((name) => !now.includes(name));
        const came = now.filter((name) => !before.includes(name));
        const [one, other] = [delta.update(came, gone), sotw.replace(now)];
        expect([delta.wildcard, [...delta.names].sort()]).toEqual([sotw.wildcard, [...sotw.names].sort()]);
        expect([one.wildcardStarted, one.wildcardEnded]).toEqual([
          other.wildcardStarted,
          other.wildcardEnded,
        ]);
        // Under a wildcard nothing comes or goes by name, except that delta answers again.
        if (!delta.wildcard && !one.wildcardEnded)
          expect([...one.added].sort()).toEqual([...other.added].sort());
        before = now;
      }
    }),
  );
});
