import { expect, test } from "vitest";
import { outOfScope } from "./out-of-scope.ts";
import { parse } from "./testing/feature-bench.ts";

test.each([
  "mcp-server",
  "mcp-server-match-rule-domains",
  "mcp-sse-stateful-param-name",
  "rpc-destination-name",
  "http2rpc-name",
])("%s is reported, and does nothing", (key) => {
  const { policy, found, diagnostics } = parse(outOfScope, { [key]: "x" });
  expect(policy).toBeUndefined();
  expect(found).toEqual([`annotation-no-effect ${key}`]);
  expect(diagnostics).toMatchObject([{ severity: "warning", value: "x" }]);
});

test("blank values are none", () => {
  expect(parse(outOfScope, { "mcp-server": "", "mcp-server-x": " " }).found).toEqual([]);
});
