import { expect, test } from "vitest";
import { domainIpAccess, hostIpAccess } from "./domain-ip-access.ts";
import { parse } from "./testing/feature-bench.ts";

test("both lists", () => {
  const { policy, found, denied } = parse(domainIpAccess, {
    "domain-whitelist-source-range": "10.0.0.0/8, 2001:db8::1",
    "domain-blacklist-source-range": "10.0.0.1",
  });
  expect(policy).toEqual({ allow: ["10.0.0.0/8", "2001:db8::1/128"], deny: ["10.0.0.1/32"] });
  expect({ found, denied }).toEqual({ found: [], denied: false });
  expect(hostIpAccess({ [domainIpAccess.id]: policy })).toBe(policy);
});

test("* is everyone, in a whitelist only", () => {
  const { policy } = parse(domainIpAccess, { "domain-whitelist-source-range": "*" });
  expect(policy).toEqual({ allow: ["0.0.0.0/0", "::/0"] });
  expect(parse(domainIpAccess, { "domain-blacklist-source-range": "*" }).denied).toBe(true);
});

test.each(["10.0.0.1, x", "10.0.0.1/33", ", ,"])("%j closes the hosts", (text) => {
  for (const key of Object.keys(domainIpAccess.keys)) {
    const { denied, found } = parse(domainIpAccess, { [key]: text });
    expect([denied, found]).toEqual([true, [`annotation-value-denied ${key}`]]);
  }
});

test("a host without lists has none", () => {
  expect(hostIpAccess({})).toBeUndefined();
});
