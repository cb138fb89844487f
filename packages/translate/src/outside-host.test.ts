import type { Lookup } from "@sluice/dns";
import { expect, test } from "vitest";
import { outsideEndpoints } from "./outside-host.ts";

const SUBJECT = {
  who: "a backend outside the cluster",
  loss: "it gets no requests",
  refused: "host-refused",
  unresolved: "host-unresolved",
} as const;

/** Addresses, and findings with their messages. */
function found(host: string, lookup?: Lookup) {
  const dns = lookup === undefined ? undefined : { lookup: () => lookup };
  const { endpoints, findings } = outsideEndpoints(host, 443, SUBJECT, dns);
  return [
    endpoints.map(({ address, port }) => `${address} ${port}`),
    findings.map(({ code, severity, key, value, message }) => [code, severity, key, value, message]),
  ];
}

test.each([
  ["10.1.2.3", ["10.1.2.3 443"]],
  ["fd00::1", ["fd00::1 443"]],
])("the address %s is itself", (host, addresses) => {
  expect(found(host)).toEqual([addresses, []]);
});

test("a name is its addresses", () => {
  expect(found("a.example", { addresses: ["10.0.0.1"] })).toEqual([["10.0.0.1 443"], []]);
});

test.each([
  [
    "169.254.169.254",
    "A backend outside the cluster leads to 169.254.169.254, to which the gateway must not connect: it gets no requests.",
  ],
  [
    "localhost",
    "A backend outside the cluster leads to localhost, to which the gateway must not connect: it gets no requests.",
  ],
  ["0x7f.1", "A backend outside the cluster has an external name that is no name: it gets no requests."],
])("%s is refused", (host, message) => {
  expect(found(host, { addresses: ["10.0.0.1"] })).toEqual([
    [],
    [["host-refused", "warning", undefined, host, message]],
  ]);
});

test("a forbidden address among others is left out", () => {
  expect(found("a.example", { addresses: ["10.0.0.1", "127.0.0.1"] })).toEqual([
    ["10.0.0.1 443"],
    [
      [
        "host-refused",
        "warning",
        undefined,
        "127.0.0.1",
        "A backend outside the cluster leads to 127.0.0.1, to which the gateway must not connect: it is left out.",
      ],
    ],
  ]);
});

test("a name without addresses is told", () => {
  expect(found("a.example", { addresses: [], fault: "DNS knows no address of it" })).toEqual([
    [],
    [
      [
        "host-unresolved",
        "warning",
        undefined,
        "a.example",
        "The name a.example of a backend outside the cluster cannot be resolved, because DNS knows no address of it: it gets no requests.",
      ],
    ],
  ]);
});
