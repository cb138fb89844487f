import { IP_ACCESS_FILTER, ipAccessOff, type RouteHookContext } from "@sluice/feature-api";
import { DEFAULT_GATEWAY_SETTINGS, type IpAccess } from "@sluice/model";
import { expect, test } from "vitest";
import { buildRoute } from "./route.ts";
import { HTTP_TABLE } from "./route-table.ts";
import { feature, route } from "./testing/models.ts";

const LISTS: IpAccess = { allow: ["10.0.0.0/8"] };

function build(model: Parameters<typeof buildRoute>[0], ipAccess?: IpAccess) {
  const seen: RouteHookContext[] = [];
  const spy = feature("spy", { route: (_out, _policy, context) => void seen.push(context) });
  const settings = { ...DEFAULT_GATEWAY_SETTINGS, ...(ipAccess && { ipAccess }) };
  const context = { settings, features: { active: [spy], lacking: [] } };
  const { routes } = buildRoute(model, { table: HTTP_TABLE, host: "a.test", context });
  return { seen, filters: routes.map(({ typedPerFilterConfig }) => typedPerFilterConfig) };
}

test("features see the lists of the gateway; a route that forwards gets nothing for them", () => {
  expect(build(route(), LISTS)).toMatchObject({ seen: [{ gatewayIpAccess: LISTS }], filters: [undefined] });
  expect(build(route()).seen[0]).not.toHaveProperty("gatewayIpAccess");
});

const MOVED = route({ action: { kind: "redirect", status: 301, keepPort: true, stripQuery: false } });
const SAID = route({
  action: { kind: "respond", status: 302, reason: "moved", headers: { location: "/x" } },
});

test.each([MOVED, SAID])("redirects are answered before the lists of the gateway", (model) => {
  expect(build(model, LISTS).filters).toEqual([{ [IP_ACCESS_FILTER]: ipAccessOff() }]);
  expect(build(model).filters).toEqual([undefined]);
});

test("other answers of the gateway's own are subject to them", () => {
  expect(build(route({ action: { kind: "respond", status: 503, reason: "x" } }), LISTS).filters).toEqual([
    undefined,
  ]);
});
