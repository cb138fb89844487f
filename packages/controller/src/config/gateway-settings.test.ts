import { expect, test } from "vitest";
import { gatewaySettings, settingsForTranslation } from "./gateway-settings.ts";
import { Settings } from "./settings.ts";

const ports = (given: object) => {
  const { http, https } = gatewaySettings(Settings.parse(given));
  return [http, https].map(({ port, publicPort }) => [port, publicPort]);
};

test("clients of managed gateways use the ports of the Services that are made, whatever Envoy listens on", () => {
  const managed = { kube: true, managed: true, xdsTlsAddress: "0.0.0.0:15010" };
  expect(ports(managed)).toEqual([
    [8080, 80],
    [8443, 443],
  ]);
  expect(ports({ ...managed, publicHttpPort: 8000, publicHttpsPort: 8001 })).toEqual([
    [8080, 8000],
    [8443, 8001],
  ]);
});

test("where the Services are somebody else's, only the operator knows of other ports", () => {
  const own = [
    [8080, undefined],
    [8443, undefined],
  ];
  expect(ports({})).toEqual(own);
  expect(ports({ kube: true, managed: true })).toEqual(own);
  expect(ports({ publicHttpsPort: "443" })).toEqual([
    [8080, undefined],
    [8443, 443],
  ]);
});

test("redirects that keep the port name the public one", async () => {
  const httpsPort = async (given: object) =>
    (await settingsForTranslation(Settings.parse(given))).translate.httpsPort;
  expect(await httpsPort({})).toBe(8443);
  expect(await httpsPort({ publicHttpsPort: 443 })).toBe(443);
});
