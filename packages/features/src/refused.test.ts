import { describe, expect, test } from "vitest";
import { refused } from "./refused.ts";
import { parse } from "./testing/feature-bench.ts";

const SNIPPETS = ["configuration-snippet", "server-snippet", "stream-snippet", "auth-snippet"];

describe.each(SNIPPETS)("%s", (key) => {
  test("is refused with a warning that shows nothing of it", () => {
    const { policy, found, diagnostics } = parse(refused, { [key]: "proxy_set_header x-token hunter2;" });
    expect(policy).toBeUndefined();
    expect(found).toEqual([`annotation-refused ${key}`]);
    expect(diagnostics).toMatchObject([{ severity: "warning", message: expect.stringContaining(key) }]);
    expect(JSON.stringify(diagnostics)).not.toContain("hunter2");
    expect(diagnostics[0]?.message).not.toContain("protection");
  });

  test.each([
    ["deny all;", "deny"],
    ["allow 10.0.0.0/8;", "allow"],
    ["auth_request /check-hunter2;", "auth_request"],
    ["limit_req zone=hunter2;", "limit_req"],
    ["if ($a = hunter2) { return 403; }", "return 403"],
    ["return 444;", "return 444"],
  ])("%j is named as a possible protection", (text, name) => {
    const { diagnostics } = parse(refused, { [key]: text });
    expect(diagnostics).toMatchObject([{ code: "annotation-refused", severity: "warning", value: name }]);
    expect(diagnostics[0]?.message).toContain(`(${name}) may be someone's protection`);
    expect(JSON.stringify(diagnostics)).not.toContain("hunter2");
  });
});

test("what is too long to be looked through may be a protection too, and is not shown", () => {
  const { diagnostics } = parse(refused, { "server-snippet": `deny all;${" hunter2;".repeat(100_000)}` });
  expect(diagnostics).toMatchObject([{ value: "deny, what is behind its first 262144 characters" }]);
  expect(JSON.stringify(diagnostics)).not.toContain("hunter2");
});

test.each(["fastcgi-index", "fastcgi-params-configmap"])("%s is refused", (key) => {
  const { policy, found, diagnostics } = parse(refused, { [key]: "deny" });
  expect(policy).toBeUndefined();
  expect(found).toEqual([`annotation-refused ${key}`]);
  expect(diagnostics).toMatchObject([{ severity: "warning", value: "deny" }]);
});
