import { features } from "@sluice/features";
import { requirementsOf } from "@sluice/xds";
import { expect, test } from "vitest";
import { startTestGateway } from "../support/test-gateway.ts";

test("an unmodified Envoy has every extension that a feature asks for, by the names that it lists", async () => {
  await using gateway = await startTestGateway();
  const { ads, controlPlane } = gateway.gateway;
  const [node] = ads.nodes();
  const listed = new Set(node?.info.extensions.flatMap(({ typeUrls }) => typeUrls));
  const needed = [...new Set(features.flatMap(requirementsOf))];
  expect(needed.length).toBeGreaterThan(3);
  expect(needed.filter((name) => !listed.has(name))).toEqual([]);
  expect(controlPlane.renderings().map(({ name }) => name)).toEqual(["full"]);
});
