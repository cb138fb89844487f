import { IP_ACCESS_FILTER, ipAccessConfig } from "@sluice/feature-api";
import type { IpAccess, Policies } from "@sluice/model";
import type { Route } from "@sluice/protos";
import { describe, expect, test } from "vitest";
import { ipAccess } from "./ip-access.ts";
import { parse } from "./testing/feature-bench.ts";

const PATH = { kind: "prefix", value: "/" } as const;

/** The lists that a route gets, in Envoy's form; undefined: none of its own. */
function listsOf(own: IpAccess | undefined, host: IpAccess | undefined, gatewayIpAccess?: IpAccess): unknown {
  const out: Route = { match: { prefix: "/" }, route: { cluster: "c" } };
  const policies: Policies = { ...(host && { "domain-ip-access": host }) };
  ipAccess.route?.(out, own, {
    routeName: "r",
    policies,
    path: PATH,
    https: false,
    ...(gatewayIpAccess && { gatewayIpAccess }),
  });
  return out.typedPerFilterConfig?.[IP_ACCESS_FILTER];
}

describe("values", () => {
  test.each<[string, string, readonly string[]]>([
    ["an address", "10.0.0.1", ["10.0.0.1/32"]],
    ["a CIDR", "10.0.0.0/8", ["10.0.0.0/8"]],
    ["IPv6", "2001:DB8::1, 2001:db8::/32", ["2001:db8::/32", "2001:db8::1/128"]],
    ["bits behind the prefix", "10.1.2.3/8", ["10.0.0.0/8"]],
    [
      "blanks, empty items and the same twice",
      " 10.0.0.2 ,, 10.0.0.1,10.0.0.2",
      ["10.0.0.1/32", "10.0.0.2/32"],
    ],
  ])("%s", (_, text, ranges) => {
    for (const [key, kind] of [
      ["whitelist-source-range", "allow"],
      ["allowlist-source-range", "allow"],
      ["denylist-source-range", "deny"],
      ["blacklist-source-range", "deny"],
    ] as const)
      expect(parse(ipAccess, { [key]: text })).toMatchObject({
        policy: { [kind]: ranges },
        denied: false,
        found: [],
      });
  });

  test("* is everyone, in a whitelist only", () => {
    const { policy } = parse(ipAccess, { "whitelist-source-range": "10.0.0.1, *" });
    expect(policy).toEqual({ allow: ["0.0.0.0/0", "10.0.0.1/32", "::/0"] });
    expect(parse(ipAccess, { "blacklist-source-range": "*" }).denied).toBe(true);
  });

  test.each([
    "10.0.0.1, 10.0.0.256",
    "10.0.0.1/33",
    "localhost",
    "fe80::1%eth0",
    "10.0.0.1 10.0.0.2",
    ",",
    "$remote_addr",
  ])("%j closes the rules", (text) => {
    for (const key of Object.keys(ipAccess.keys)) {
      const { denied, found, diagnostics } = parse(ipAccess, { [key]: text });
      expect([denied, found]).toEqual([true, [`annotation-value-denied ${key}`]]);
      expect(diagnostics[0]?.severity).toBe("error");
    }
  });

  test("a bad list closes the rules although the other one is good", () => {
    const texts = { "whitelist-source-range": "10.0.0.1", "denylist-source-range": "x" };
    expect(parse(ipAccess, texts).denied).toBe(true);
  });

  test("blank is none", () => {
    expect(parse(ipAccess, { "whitelist-source-range": " " })).toMatchObject({
      policy: undefined,
      denied: false,
    });
  });

  test("denylist replaces blacklist, reported", () => {
    const { policy, found } = parse(ipAccess, {
      "denylist-source-range": "10.0.0.1",
      "blacklist-source-range": "10.0.0.2",
    });
    expect(policy).toEqual({ deny: ["10.0.0.1/32"] });
    expect(found).toEqual(["annotation-no-effect blacklist-source-range"]);
  });
});

describe("levels", () => {
  const A = ["10.0.0.1/32"];
  const B = ["10.0.0.2/32"];
  const C = ["10.0.0.3/32"];

  test("a route without lists of its own or of its host says nothing", () => {
    expect(listsOf(undefined, undefined)).toBeUndefined();
    expect(listsOf(undefined, undefined, { allow: A })).toBeUndefined();
  });

  test.each<[string, IpAccess | undefined, IpAccess | undefined, IpAccess | undefined, IpAccess]>([
    ["own", { allow: A }, undefined, undefined, { allow: A }],
    ["host", undefined, { deny: B }, undefined, { deny: B }],
    ["own before host before gateway", { allow: A }, { allow: B }, { allow: C }, { allow: A }],
    ["host before gateway", undefined, { allow: B }, { allow: C }, { allow: B }],
    ["each kind for itself", { allow: A }, { deny: B }, { allow: C, deny: C }, { allow: A, deny: B }],
    ["the other kind stays the gateway's", { allow: A }, undefined, { deny: C }, { allow: A, deny: C }],
  ])("%s", (_, own, host, gateway, wanted) => {
    expect(listsOf(own, host, gateway)).toEqual(ipAccessConfig(wanted));
  });
});

test.each([
  "whitelist-source-range",
  "allowlist-source-range",
  "denylist-source-range",
  "blacklist-source-range",
])("%s with a bad item closes the routes", (key) => {
  expect(parse(ipAccess, { [key]: "10.0.0.0/8, nobody" })).toMatchObject({
    denied: true,
    found: [`annotation-value-denied ${key}`],
  });
});
