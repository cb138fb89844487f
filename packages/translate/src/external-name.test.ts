import type { Lookup } from "@sluice/dns";
import type { Service, ServicePort, ServiceTarget } from "@sluice/model";
import { describe, expect, it, test } from "vitest";
import { externalEndpoints, externalPort } from "./external-name.ts";

function service(externalName: string | undefined, ports: readonly ServicePort[] = []): Service {
  return {
    kind: "Service",
    metadata: { namespace: "demo", name: "db", labels: {}, annotations: {} },
    spec: {
      type: "ExternalName",
      selector: {},
      ports,
      ...(externalName === undefined ? {} : { externalName }),
    },
  };
}

/** Addresses with their port, and the findings as `severity code value`. */
function found(externalName: string | undefined, dns?: Readonly<Record<string, Lookup>>) {
  const asked: string[] = [];
  const lookup = (name: string): Lookup | undefined => {
    asked.push(name);
    return dns?.[name];
  };
  const { endpoints, findings, isPending } = externalEndpoints(
    service(externalName),
    5432,
    dns === undefined ? undefined : { lookup },
  );
  expect(endpoints.every(({ port, health }) => port === 5432 && health === "healthy")).toBe(true);
  return {
    addresses: endpoints.map(({ address }) => address),
    findings: findings.map(({ severity, code, key, value }) => `${severity} ${code} ${key}=${value}`),
    messages: findings.map(({ message }) => message),
    isPending: isPending ?? false,
    asked,
  };
}

const refused = (value: string) => `warning service-external-name spec.externalName=${value}`;
const unresolved = (value: string) => `warning service-name-unresolved spec.externalName=${value}`;

describe("a name", () => {
  test.each<[string, Lookup, readonly string[], readonly string[]]>([
    ["is its addresses", { addresses: ["10.0.0.1", "10.0.0.2"] }, ["10.0.0.1", "10.0.0.2"], []],
    ["is IPv6 where there is no IPv4", { addresses: ["2001:db8::1"] }, ["2001:db8::1"], []],
    ["is IPv4 where there are both", { addresses: ["10.0.0.1", "2001:db8::1"] }, ["10.0.0.1"], []],
    [
      "leaves out what is refused",
      { addresses: ["10.0.0.1", "127.0.0.1", "169.254.169.254"] },
      ["10.0.0.1"],
      [refused("127.0.0.1"), refused("169.254.169.254")],
    ],
    [
      "is IPv6 where all of IPv4 is refused",
      { addresses: ["127.0.0.1", "2001:db8::1"] },
      ["2001:db8::1"],
      [refused("127.0.0.1")],
    ],
    ["has no endpoint if all is refused", { addresses: ["::1"] }, [], [refused("::1")]],
    ["has none if DNS has none", { addresses: [], fault: "no word" }, [], [unresolved("db.example")]],
    [
      "keeps its last addresses, and each is held against the refused ones all the same",
      { addresses: ["10.0.0.1", "127.0.0.1"], fault: "no word" },
      ["10.0.0.1"],
      [refused("127.0.0.1"), unresolved("db.example")],
    ],
  ])("%s", (_what, lookup, addresses, findings) => {
    expect(found("db.example", { "db.example": lookup })).toMatchObject({
      addresses,
      findings,
      isPending: false,
    });
  });

  it("says what becomes of the routes", () => {
    const say = (lookup: Lookup) => found("db.example", { "db.example": lookup }).messages;
    expect(say({ addresses: ["10.0.0.1", "127.0.0.1"], fault: "no server answered" })).toEqual([
      "The Service demo/db leads to 127.0.0.1, to which the gateway must not connect: it is left out.",
      "The name db.example of the Service demo/db cannot be resolved, because no server answered: its last addresses stay.",
    ]);
    expect(say({ addresses: ["127.0.0.1"], fault: "no server answered" })).toEqual([
      "The Service demo/db leads to 127.0.0.1, to which the gateway must not connect: its routes answer 503.",
      "The name db.example of the Service demo/db cannot be resolved, because no server answered: its routes answer 503.",
    ]);
  });

  it("of which nothing is known yet is pending, without a finding", () => {
    expect(found("db.example", {})).toMatchObject({ addresses: [], findings: [], isPending: true });
  });

  it("is told to be not resolved where there is no DNS to ask", () => {
    expect(found("db.example")).toMatchObject({
      addresses: [],
      findings: ["info service-name-unresolved spec.externalName=db.example"],
      isPending: false,
    });
  });
});

describe("refused before anybody is asked", () => {
  test.each([
    undefined,
    "",
    "127.1",
    "0x7f000001",
    "2130706433",
    "*.example",
    "a b",
    "db.example:5432",
    "http://db.example",
    "[::1]",
    "fe80::1%lo",
    "::1",
    "127.0.0.1",
    "::ffff:169.254.169.254",
    "localhost",
    "x.LOCALHOST.",
    "metadata.google.internal",
  ])("%o", (name) => {
    expect(found(name, {})).toMatchObject({
      addresses: [],
      findings: [refused(name ?? "")],
      asked: [],
      isPending: false,
    });
  });

  test.each(["10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"])("%s is served as it stands", (address) => {
    expect(found(address)).toMatchObject({ addresses: [address], findings: [], asked: [] });
  });
});

describe("the port", () => {
  const listed: readonly ServicePort[] = [
    { name: "pg", port: 80, targetPort: 5432, protocol: "TCP" },
    { name: "named", port: 81, targetPort: "container", protocol: "TCP" },
  ];
  test.each<[string, ServiceTarget["port"], readonly ServicePort[], number | undefined]>([
    ["by number, from the list", { number: 80 }, listed, 5432],
    ["by name, from the list", { name: "pg" }, listed, 5432],
    ["the first", "first", listed, 5432],
    ["whose target is a name", { name: "named" }, listed, 81],
    ["by number, which the list does not have", { number: 5433 }, listed, 5433],
    ["by number, without a list", { number: 5432 }, [], 5432],
    ["by name, which the list does not have", { name: "web" }, listed, undefined],
    ["by name, without a list", { name: "pg" }, [], undefined],
    ["the first of none", "first", [], undefined],
  ])("%s", (_what, port, ports, expected) => {
    const target: ServiceTarget = { kind: "service", namespace: "demo", name: "db", port };
    expect(externalPort(service("db.example", ports), target)).toBe(expected);
  });
});
