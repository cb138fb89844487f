import { expect, test } from "vitest";
import { certificateName, fleetName, gatewayLabel, podLabels, serviceName } from "./names.ts";

const LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

test("a name that can be a part of all names and labels is in them as it is", () => {
  expect(["shop", "a", "9", "a-b", "x".repeat(48)].map(gatewayLabel)).toEqual([
    "shop",
    "a",
    "9",
    "a-b",
    "x".repeat(48),
  ]);
});

test.each([
  "x".repeat(49),
  "x".repeat(253),
  `${"x".repeat(36)}-y${"z".repeat(60)}`,
  "shop.example.com",
  `${"a.".repeat(126)}a`,
  "controller",
  "shop-private",
])("%s gets names of its own that the API server takes", (gateway) => {
  const names = [
    fleetName(gateway),
    serviceName(gateway, "private"),
    certificateName(gateway),
    podLabels(gateway)["sluice.dev/gateway"],
  ];
  for (const name of names) expect(name).toMatch(LABEL);
});

test("names that begin alike, or differ in a dot, stay apart; no gateway has a Service of another, or of the controller", () => {
  const long = "x".repeat(250);
  const gateways = [`${long}a`, `${long}b`, "a.b", "a-b", "shop", "shop-private", "controller"];
  const services = gateways.flatMap((each) => [serviceName(each, "public"), serviceName(each, "private")]);
  expect(new Set([...services, "sluice-controller"]).size).toBe(services.length + 1);
});
