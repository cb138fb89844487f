import type { Cluster, LoadAssignment, Route, VirtualHost } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { diff, type GatewayModel, isEmpty } from "./diff.ts";
import { renderDiff } from "./render-diff.ts";
import { cluster, exact, header, loadAssignment, prefix, route, virtualHost } from "./testing.ts";

const anyRoute: fc.Arbitrary<Route> = fc
  .record({
    name: fc.constantFrom(
      "shop/web/0/0",
      "shop/web/1/0",
      "shop/web/0/0/canary/c/weight",
      "shop/web/0/0/not/c/0",
    ),
    path: fc.constantFrom(prefix("/"), prefix("/a"), exact("/a")),
    conditions: fc.subarray([header("x", "1"), header("y", "2", true)]),
    below: fc.option(fc.constantFrom(0, 100_000, 500_000), { nil: undefined }),
    policies: fc.dictionary(fc.constantFrom("cors", "auth"), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 }),
  })
  .map(({ name, path, conditions, below, policies }) =>
    route(name, path, { conditions, policies, ...(below !== undefined && { below }) }),
  );
const hosts: fc.Arbitrary<VirtualHost[]> = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom("a.com", "b.com", "*"), fc.array(anyRoute, { maxLength: 4 }))
    .map(([host, routes]) => virtualHost(host, routes)),
  { selector: ({ host }) => host, maxLength: 3 },
);
const backends: fc.Arbitrary<[Cluster, LoadAssignment][]> = fc
  .uniqueArray(fc.constantFrom("shop/web/80", "shop/api/80"))
  .map((names) => names.map((name) => [cluster(name), loadAssignment(name, "10.0.0.1")]));
const models: fc.Arbitrary<GatewayModel> = fc.tuple(hosts, backends).map(([all, pairs]) => ({
  virtualHosts: new Map(all.map((host) => [host.host, host])),
  clusters: new Map(pairs.map(([each]) => [each.name, each])),
  loadAssignments: new Map(pairs.map(([each, assignment]) => [each.name, assignment])),
  certificates: new Map(),
}));

test("a model does not differ from its copy, and what a diff says is plain data and one line a change", () => {
  fc.assert(
    fc.property(models, models, (before, after) => {
      expect(isEmpty(diff(before, structuredClone(before)))).toBe(true);
      const found = diff(before, after);
      expect(JSON.parse(JSON.stringify(found))).toEqual(found);
      expect(renderDiff(found).split("\n").length).toBeGreaterThan(found.changes.length);
    }),
  );
});

test("what is added one way is removed the other way", () => {
  fc.assert(
    fc.property(models, models, (before, after) => {
      const count = (from: GatewayModel, to: GatewayModel, kind: string) =>
        diff(from, to).changes.filter((change) => change.kind === kind).length;
      for (const unit of ["host", "route", "cluster"])
        expect(count(before, after, `${unit}-added`)).toBe(count(after, before, `${unit}-removed`));
    }),
  );
});
