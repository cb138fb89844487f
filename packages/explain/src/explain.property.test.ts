import type { Condition, Route } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { explain } from "./explain.ts";
import { renderExplanation } from "./render-explanation.ts";
import { exact, get, prefix, regex, route, view, virtualHost } from "./testing.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom("a", "", "x-canary", "/", "never"),
);
const path = fc.oneof(
  fc.constantFrom(
    prefix("/"),
    prefix("/a"),
    exact("/a/b"),
    regex("/a.*"),
    regex("("),
    regex("/a", { whole: true }),
  ),
);
const condition: fc.Arbitrary<Condition> = fc.record({
  on: fc.constantFrom("header", "query", "cookie"),
  name: fc.constantFrom("x-canary", "a", ":method", "__proto__", "c"),
  match: fc.oneof(
    fc.constant({ kind: "present" } as const),
    fc.record({ kind: fc.constantFrom("exact", "prefix", "regex"), value: text }),
  ),
  negate: fc.boolean(),
});
const routes: fc.Arbitrary<Route[]> = fc
  .array(
    fc.tuple(path, fc.array(condition, { maxLength: 2 }), fc.option(fc.integer({ min: 0, max: 1_000_000 }))),
    { maxLength: 6 },
  )
  .map((all) =>
    all.map(([match, conditions, below], index) =>
      route(`shop/web/0/${index}`, match, { conditions, ...(below !== null && { below }) }),
    ),
  );
const headers = fc.array(fc.tuple(text, text), { maxLength: 3 });

test("any text as a request is explained, as plain data, and rendered without control characters", () => {
  fc.assert(
    fc.property(text, text, headers, fc.option(text, { nil: undefined }), (method, url, given, sni) => {
      const gateway = view([virtualHost("*", [route("shop/web/0/0", prefix("/"))])]);
      const asked = { method, url, headers: given, ...(sni !== undefined && { sni }) };
      for (const request of [
        asked,
        { ...asked, url: `https://${url}` },
        { ...asked, method: "GET", url: `http://a/${url}` },
      ]) {
        const explanation = explain(request, gateway);
        expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
        expect(renderExplanation(explanation)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      }
    }),
  );
});

test("the shares of the outcomes add up to all requests, and every route is an outcome or a loser", () => {
  fc.assert(
    fc.property(routes, fc.constantFrom("/", "/a", "/a/b?a=never"), (all, target) => {
      const request = get(`http://a.com${target}`, [
        ["x-canary", "never"],
        ["cookie", "c=a"],
      ]);
      const { outcomes, competitors } = explain(request, view([virtualHost("a.com", all)]));
      const millionths = outcomes.map(({ percent }) => Math.round(percent * 10_000));
      expect(millionths.every((share) => share > 0)).toBe(true);
      expect(millionths.reduce((sum, share) => sum + share, 0)).toBe(1_000_000);
      const names = [
        ...outcomes.flatMap((outcome) => outcome.route ?? []),
        ...competitors.map((each) => each.route),
      ];
      expect(names.sort()).toEqual(all.map(({ name }) => name).sort());
    }),
  );
});

test("the share of each route is that of the random numbers for which it is the first to match", () => {
  fc.assert(
    fc.property(routes, fc.integer({ min: 0, max: 999_999 }), (all, drawn) => {
      const request = get("http://a.com/a/b", [["x-canary", "a"]]);
      const { outcomes } = explain(request, view([virtualHost("a.com", all)]));
      // Routes without a share of their own match for every random number.
      const always = all.map((each) => {
        const { below: _, ...match } = each.match;
        return { ...each, match };
      });
      const first = always.find((each, index) => {
        const alone = explain(request, view([virtualHost("a.com", [each])])).outcomes[0]?.route;
        return alone !== undefined && drawn < (all[index]?.match.below ?? 1_000_000);
      });
      let reached = 0;
      const expected = outcomes.find(({ percent }) => {
        reached += Math.round(percent * 10_000);
        return drawn < reached;
      });
      expect(expected?.route).toBe(first?.name);
    }),
  );
});
