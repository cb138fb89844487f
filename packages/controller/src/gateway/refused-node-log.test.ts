import { expect, test } from "vitest";
import { createRefusedNodeLog } from "./refused-node-log.ts";

test("a node that asks again and again is logged once for each reason, and after a minute with how often it asked", () => {
  let now = 0;
  const logged: unknown[] = [];
  const logger = { warn: (fields: unknown, words?: unknown) => void logged.push([fields, words]) };
  const log = createRefusedNodeLog(logger, () => now);
  const node = { id: "envoy-1", cluster: "shop" };
  for (let n = 0; n < 10; n++) log(node, "not served here");
  log(node, "another reason");
  log({ ...node, id: "envoy-2" }, "not served here");
  now = 60_000;
  log(node, "not served here");
  expect(logged).toEqual([
    [{ node: "envoy-1", cluster: "shop", before: 0 }, "not served here"],
    [{ node: "envoy-1", cluster: "shop", before: 0 }, "another reason"],
    [{ node: "envoy-2", cluster: "shop", before: 0 }, "not served here"],
    [{ node: "envoy-1", cluster: "shop", before: 9 }, "not served here"],
  ]);
});
