import type { NodeView } from "@sluice/ads";
import { TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { createStreamTotals } from "./stream-totals.ts";

function stream(id: string, connectedAt: number, bytes: number): NodeView {
  return {
    info: { id, cluster: "", version: "", userAgent: "", extensions: [] },
    variant: "delta",
    connectedAt,
    superseded: false,
    idle: true,
    types: {
      [TYPE_URLS.CLUSTER]: {
        subscribed: "*",
        sent: {},
        accepted: {},
        refused: [],
        waiting: [],
        totals: { responses: 1, resources: 2, removals: 3, bytes },
      },
    },
  };
}

test("adds up streams, those of one node one after another as well, and never counts down", () => {
  const totals = createStreamTotals();
  const bytes = () => totals.sums.get("clusters")?.bytes;
  totals.look([stream("a", 1, 100), stream("b", 1, 10)]);
  expect(totals.sums.get("clusters")).toEqual({ responses: 2, resources: 4, removals: 6, bytes: 110 });
  totals.look([stream("a", 1, 150), stream("b", 1, 10)]);
  expect(bytes()).toBe(160);
  totals.look([]);
  expect(bytes()).toBe(160);
  totals.look([stream("a", 2, 30)]);
  expect(bytes()).toBe(190);
  totals.look([stream("a", 2, 5)]);
  expect(bytes()).toBe(190);
});
