// biome-ignore-all lint/suspicious/noTemplateCurlyInString: NGINX writes variables so
import { DEFAULT_GATEWAY_SETTINGS } from "@sluice/model";
import { any } from "@sluice/protos";
import { describe, expect, test } from "vitest";
import { loadBalance } from "./load-balance.ts";
import { tryFeature } from "./support/try-feature.ts";

const BALANCE = "load-balance";
const HASH = "upstream-hash-by";
const slowStart = (seconds: number) => ({ slowStartConfig: { slowStartWindow: { seconds } } });

describe("clusters", () => {
  test.each<[Record<string, string>, object]>([
    [{}, {}],
    [{ [BALANCE]: "round_robin" }, {}],
    [{ [BALANCE]: "least_conn" }, { lbPolicy: "LEAST_REQUEST" }],
    [{ [BALANCE]: "random" }, { lbPolicy: "RANDOM" }],
    [{ warmup: "30" }, { roundRobinLbConfig: slowStart(30) }],
    [{ warmup: "0" }, {}],
    [
      { [BALANCE]: "least_conn", warmup: "30" },
      { lbPolicy: "LEAST_REQUEST", leastRequestLbConfig: slowStart(30) },
    ],
    [{ [HASH]: "$host" }, { lbPolicy: "RING_HASH" }],
    [{ affinity: "cookie" }, { lbPolicy: "RING_HASH" }],
    [{ "session-cookie-name": "s" }, { lbPolicy: "RING_HASH" }],
    [{ "session-cookie-path": "/" }, { lbPolicy: "RING_HASH" }],
    [{ affinity: "cookie", "affinity-mode": "persistent" }, {}],
    [
      { affinity: "cookie", "affinity-mode": "persistent", [BALANCE]: "least_conn", warmup: "5" },
      { lbPolicy: "LEAST_REQUEST", leastRequestLbConfig: slowStart(5) },
    ],
  ])("%j writes %j", (annotations, expected) => {
    const tried = tryFeature(loadBalance, annotations);
    expect(tried.findings).toEqual([]);
    expect(tried.cluster()).toEqual({ name: "c", ...expected });
  });
});

const WITHOUT_PORT = { regexRewrite: { pattern: { regex: ":[0-9]*$" }, substitution: "" } };

describe("hash keys", () => {
  test.each<[string, readonly object[]]>([
    [
      "$request_uri",
      [
        { header: { headerName: "x-envoy-original-path" }, terminal: true },
        { header: { headerName: ":path" } },
      ],
    ],
    [
      "$host",
      [
        { header: { headerName: "x-envoy-original-host", ...WITHOUT_PORT }, terminal: true },
        { header: { headerName: ":authority", ...WITHOUT_PORT } },
      ],
    ],
    ["$remote_addr", [{ connectionProperties: { sourceIp: true } }]],
    ["${remote_addr}", [{ connectionProperties: { sourceIp: true } }]],
    ["$http_X_User_Id", [{ header: { headerName: "x-user-id" } }]],
    ["$arg_user_id", [{ queryParameter: { name: "user_id" } }]],
    ["${cookie_JSESSIONID}", [{ cookie: { name: "JSESSIONID" } }]],
  ])("%s", (text, hashPolicy) => {
    const tried = tryFeature(loadBalance, { [HASH]: text });
    expect(tried.findings).toEqual([]);
    expect(tried.route({ asked: false })).toEqual({ route: { cluster: "c", hashPolicy } });
  });

  test("$http_host is the host", () => {
    const policyOf = (text: string) => tryFeature(loadBalance, { [HASH]: text }).policy;
    expect(policyOf("$http_host")).toEqual(policyOf("$host"));
  });

  test.each([
    "request_uri",
    "$",
    "${}",
    "$uri",
    "$request_uri$host",
    "$request_uri-x",
    "${host",
    "$host}",
    "x$host",
    "$http_",
    "$arg_",
    "$http_a b",
    "$toString",
  ])("%s is bad, and round_robin stays", (text) => {
    const tried = tryFeature(loadBalance, { [HASH]: text });
    expect(tried.findings).toEqual([`${HASH} annotation-value`]);
    expect(tried.cluster()).toEqual({ name: "c" });
  });
});

const COOKIE = { name: "INGRESSCOOKIE", path: "/", ttl: { seconds: 0 } };
const SECURE = [{ name: "Secure" }];

describe("the cookie of routes whose Ingress asks for it", () => {
  test.each<[Record<string, string>, boolean, object]>([
    [{ affinity: "cookie" }, false, COOKIE],
    [{ affinity: "cookie" }, true, { ...COOKIE, attributes: SECURE }],
    [{ "session-cookie-name": "route" }, false, { ...COOKIE, name: "route" }],
    [{ "session-cookie-path": "/shop" }, false, { ...COOKIE, path: "/shop" }],
    [{ affinity: "cookie", "session-cookie-max-age": "60" }, false, { ...COOKIE, ttl: { seconds: 60 } }],
    [{ affinity: "cookie", "session-cookie-expires": "70" }, false, { ...COOKIE, ttl: { seconds: 70 } }],
    [
      { affinity: "cookie", "session-cookie-expires": "70", "session-cookie-max-age": "60" },
      false,
      { ...COOKIE, ttl: { seconds: 60 } },
    ],
    [{ affinity: "cookie", "session-cookie-secure": "true" }, false, { ...COOKIE, attributes: SECURE }],
    [
      { affinity: "cookie", "session-cookie-samesite": "none", "session-cookie-domain": "a.example" },
      true,
      {
        ...COOKIE,
        attributes: [{ name: "Domain", value: "a.example" }, { name: "SameSite", value: "None" }, ...SECURE],
      },
    ],
  ])("%j (https: %j)", (annotations, https, cookie) => {
    const tried = tryFeature(loadBalance, annotations);
    expect(tried.findings).toEqual([]);
    expect(tried.route({ https })).toEqual({ route: { cluster: "c", hashPolicy: [{ cookie }] } });
  });

  test("persistent: the stateful session filter of the route has the same cookie", () => {
    const annotations = {
      affinity: "cookie",
      "affinity-mode": "persistent",
      "session-cookie-samesite": "Lax",
    };
    const cookie = { ...COOKIE, attributes: [{ name: "SameSite", value: "Lax" }] };
    const state = any("envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState", { cookie });
    expect(tryFeature(loadBalance, annotations).route()).toEqual({
      route: { cluster: "c" },
      typedPerFilterConfig: {
        "envoy.filters.http.stateful_session": any(
          "envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute",
          {
            statefulSession: {
              sessionState: { name: "envoy.http.stateful_session.cookie", typedConfig: state },
            },
          },
        ),
      },
    });
    const [filter] = loadBalance.httpFilters?.(DEFAULT_GATEWAY_SETTINGS) ?? [];
    expect(filter).toMatchObject({ name: "envoy.filters.http.stateful_session", disabled: true });
  });
});

describe("routes of other Ingresses to the same Service", () => {
  test("follow a balanced cookie and set none", () => {
    const tried = tryFeature(loadBalance, { affinity: "cookie", "session-cookie-max-age": "60" });
    expect(tried.route({ asked: false, https: true })).toEqual({
      route: { cluster: "c", hashPolicy: [{ cookie: { name: "INGRESSCOOKIE" } }] },
    });
  });

  test("have nothing to do with a persistent one", () => {
    const tried = tryFeature(loadBalance, { affinity: "cookie", "affinity-mode": "persistent" });
    expect(tried.route({ asked: false })).toEqual({ route: { cluster: "c" } });
  });

  test.each<Record<string, string>>([
    { [HASH]: "$host" },
    { "session-cookie-max-age": "60" },
    { affinity: "ip" },
  ])("so do those of an Ingress with %j", (annotations) => {
    const asked = tryFeature(loadBalance, annotations).route({ asked: true });
    expect(JSON.stringify(asked)).not.toContain("INGRESSCOOKIE");
  });
});

describe("what has no effect is reported", () => {
  test.each<[Record<string, string>, readonly string[]]>([
    [{ "upstream-hash-by-subset": "true" }, ["upstream-hash-by-subset"]],
    [{ "upstream-hash-by-subset-size": "3" }, ["upstream-hash-by-subset-size"]],
    [{ "session-cookie-change-on-failure": "true" }, ["session-cookie-change-on-failure"]],
    [{ "session-cookie-change-on-failure": "false" }, []],
    [{ "session-cookie-conditional-samesite-none": "true" }, ["session-cookie-conditional-samesite-none"]],
    [{ "session-cookie-conditional-samesite-none": "false" }, []],
    [{ affinity: "cookie", [HASH]: "$host" }, [HASH]],
    [{ affinity: "cookie", "affinity-mode": "persistent", [HASH]: "$host" }, [HASH]],
    [{ [BALANCE]: "random", [HASH]: "$host" }, [BALANCE]],
    [{ [BALANCE]: "random", affinity: "cookie" }, [BALANCE]],
    [{ [BALANCE]: "random", warmup: "3" }, ["warmup"]],
    [{ [HASH]: "$host", warmup: "3" }, ["warmup"]],
    [{ "affinity-mode": "persistent" }, ["affinity-mode"]],
    [
      { "session-cookie-max-age": "3", "session-cookie-secure": "true" },
      ["session-cookie-max-age", "session-cookie-secure"],
    ],
  ])("%j", (annotations, keys) => {
    const { findings } = tryFeature(loadBalance, annotations);
    expect(findings).toEqual(keys.map((key) => `${key} annotation-no-effect`));
  });

  test("the affinity cookie beats the hash", () => {
    const tried = tryFeature(loadBalance, { affinity: "cookie", [HASH]: "$host" });
    expect(tried.route()).toEqual({ route: { cluster: "c", hashPolicy: [{ cookie: COOKIE }] } });
  });
});

describe("bad values", () => {
  test.each([
    [BALANCE, "ewma"],
    [BALANCE, "mcp-sse"],
    ["warmup", "30s"],
    ["affinity", "ip"],
    ["affinity-mode", "sticky"],
    ["session-cookie-name", "a b"],
    ["session-cookie-name", "a;b"],
    ["session-cookie-path", "shop"],
    ["session-cookie-path", "/a;b"],
    ["session-cookie-path", "/ä"],
    ["session-cookie-max-age", "-1"],
    ["session-cookie-expires", "1d"],
    ["session-cookie-samesite", "Sometimes"],
    ["session-cookie-secure", "yes"],
    ["session-cookie-domain", "a.example; Path=/"],
    ["session-cookie-domain", "*.example"],
  ])("%s: %j is reported and changes nothing", (key, text) => {
    const tried = tryFeature(loadBalance, { [key]: text });
    expect(tried.findings).toEqual([`${key} annotation-value`]);
    expect(tried.policy).toBeUndefined();
  });
});
