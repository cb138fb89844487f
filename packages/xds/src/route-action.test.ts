import type { RedirectAction } from "@sluice/model";
import { expect, test } from "vitest";
import { forward, redirect, respond } from "./route-action.ts";
import { backend } from "./testing/models.ts";

const weighted = (...weights: number[]) =>
  forward({
    kind: "forward",
    backends: weights.map((weight, at) => ({ backend: backend(`s${at}`), weight })),
  }).route?.weightedClusters?.clusters?.map((entry) => entry.weight?.value);

test("one backend is a cluster, and Envoy's time limit is off", () => {
  expect(forward({ kind: "forward", backends: [{ backend: backend("s"), weight: 7 }] })).toEqual({
    route: { cluster: "shop/s/80", timeout: {} },
  });
});

test("a backend without weight gets nothing", () => {
  const backends = [
    { backend: backend("a"), weight: 0 },
    { backend: backend("b"), weight: 1 },
  ];
  expect(forward({ kind: "forward", backends }).route?.cluster).toBe("shop/b/80");
  expect(forward({ kind: "forward", backends: backends.slice(0, 1) })).toEqual({
    directResponse: { status: 503 },
  });
});

test("weights go as they are, and are scaled when their sum is more than Envoy takes", () => {
  expect(weighted(30, 70)).toEqual([30, 70]);
  const [a = 0, b = 0, c = 0] = weighted(4e9, 8e9, 1) ?? [];
  expect(a + b + c).toBeLessThan(2 ** 32);
  expect(b / a).toBeCloseTo(2, 6);
  expect(c).toBe(1);
});

const to = (action: Partial<RedirectAction>, host = "a.test") =>
  redirect({ kind: "redirect", status: 301, ...action }, host, false);

test.each<[string, Partial<RedirectAction>, object]>([
  [
    "drops the port",
    { scheme: "https", status: 308 },
    { schemeRedirect: "https", hostRedirect: "a.test", responseCode: "PERMANENT_REDIRECT" },
  ],
  [
    "keeps the port",
    { scheme: "https", keepPort: true },
    { schemeRedirect: "https", responseCode: "MOVED_PERMANENTLY" },
  ],
  [
    "goes to a port",
    { port: 8443, status: 307 },
    { hostRedirect: "a.test", portRedirect: 8443, responseCode: "TEMPORARY_REDIRECT" },
  ],
  [
    "goes elsewhere, without the request's query",
    { host: "b.test", path: "/x?y", status: 302 },
    { hostRedirect: "b.test", pathRedirect: "/x?y", responseCode: "FOUND", stripQuery: true },
  ],
  [
    "drops the query",
    { stripQuery: true, status: 303 },
    { hostRedirect: "a.test", responseCode: "SEE_OTHER", stripQuery: true },
  ],
])("a redirect that %s", (_what, action, expected) => {
  expect(to(action)).toEqual([{ action: { redirect: expected }, headers: [] }]);
});

test.each(["*.a.test", "*"])("a port is dropped where there is one, for any host under %s", (host) => {
  const location = (rest: string) => [
    {
      action: {
        directResponse: { status: 301 },
        responseHeadersToAdd: [
          { header: { key: "location", value: rest }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" },
        ],
      },
      headers: [{ name: ":authority" }],
    },
    { action: { redirect: { responseCode: "MOVED_PERMANENTLY" } }, headers: [] },
  ];
  const bare = "%CEL(re.capture(request.host, '^(.*):[0-9]+$'))%";
  expect(to({ scheme: "https" }, host)).toMatchObject(location(`https://${bare}%REQ(:PATH)%`));
  expect(to({}, host)).toMatchObject(location(`http://${bare}%REQ(:PATH)%`));
  expect(to({ stripQuery: true }, host)).toMatchObject(location(`http://${bare}%PATH(NQ)%`));
  expect(to({ path: "/100%" }, host)).toMatchObject(location(`http://${bare}/100%%`));
  expect(to({ keepPort: true }, host)).toHaveLength(1);
});

test("an answer's headers are literal", () => {
  const answer = respond({
    kind: "respond",
    status: 429,
    body: "no",
    headers: { "x-share": "100%" },
    reason: "",
  });
  expect(answer).toMatchObject({
    directResponse: { status: 429, body: { inlineString: "no" } },
    responseHeadersToAdd: [{ header: { key: "x-share", value: "100%%" } }],
  });
});
