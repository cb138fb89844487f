import { describe, expect, test } from "vitest";
import type { Outcome } from "../report.ts";
import {
  compare,
  controllerConfig,
  type IngressOptions,
  ingress,
  keyOf,
  reportOf,
} from "../testing/compare.ts";

type Case = readonly [
  key: string,
  value: string,
  outcome: Outcome,
  says: string,
  others?: Readonly<Record<string, string>>,
  options?: IngressOptions,
];

/** A key that differs for some values has the others beside it. */
const CASES: readonly Case[] = [
  ["proxy-read-timeout", "120", "same", "120 s, where ingress-nginx has 60 s"],
  ["proxy-read-timeout", "60", "same", ""],
  ["proxy-read-timeout", "60", "same", "", { "proxy-send-timeout": "60" }],
  [
    "proxy-read-timeout",
    "60",
    "differs",
    "waits 60 s for the backend; here one timer runs for both directions, and the larger value counts: 600 s",
    { "proxy-send-timeout": "600" },
  ],
  [
    "proxy-send-timeout",
    "600",
    "differs",
    "waits 60 s for the backend, as proxy-read-timeout is not set; here the one timer of 600 s",
    {},
  ],
  ["proxy-send-timeout", "30", "differs", "waits 30 s for a stalled upload", { "proxy-read-timeout": "90" }],
  ["proxy-connect-timeout", "10", "same", ""],
  [
    "proxy-next-upstream-tries",
    "3",
    "differs",
    "3 means 2 retries there; here it means 3 retries, 4 tries in all",
  ],
  ["proxy-next-upstream-tries", "1", "differs", "no retry there; here it means 1 retry"],
  ["proxy-next-upstream-tries", "0", "differs", "without limit; here 0 means 3 retries"],
  ["proxy-next-upstream-tries", "3", "same", "", { "proxy-next-upstream": "off" }],
  ["proxy-next-upstream-timeout", "0", "same", ""],
  [
    "proxy-next-upstream-timeout",
    "10",
    "differs",
    "10 s for all tries together; here 10 s for each try, so up to 40 s for 4 tries",
  ],
  [
    "proxy-next-upstream-timeout",
    "10",
    "differs",
    "up to 30 s for 3 tries",
    { "proxy-next-upstream-tries": "2" },
  ],
  ["proxy-next-upstream-timeout", "10", "same", "", { "proxy-next-upstream-tries": "1" }],
  ["proxy-next-upstream", "off", "same", ""],
  ["proxy-next-upstream", "http_502", "same", ""],
  ["proxy-next-upstream", "error timeout", "differs", "answers of 500 to 599 too"],
  ["proxy-next-upstream", "invalid_header", "differs", "every answer of 500 to 599"],
  ["proxy-next-upstream", "error", "same", "", { "proxy-next-upstream-tries": "1" }],
  ["rewrite-target", "/", "same", ""],
  ["rewrite-target", "/$1", "same", "", {}, { paths: ["ImplementationSpecific /api/(.*)"] }],
  [
    "rewrite-target",
    "/",
    "differs",
    "/api (it also takes /apimore and /API)",
    {},
    { paths: ["Prefix /api"] },
  ],
  ["use-regex", "true", "same", "", {}, { paths: ["ImplementationSpecific /api/[0-9]+"] }],
  ["use-regex", "false", "same", ""],
  ["ssl-redirect", "true", "same", "", {}, { tls: true }],
  ["ssl-redirect", "true", "differs", "No Ingress has TLS for a.example.com"],
  ["ssl-redirect", "true", "same", "", { "force-ssl-redirect": "true" }],
  ["ssl-redirect", "false", "same", ""],
  ["preserve-trailing-slash", "true", "same", "always kept"],
  ["preserve-trailing-slash", "false", "differs", "drops the slash"],
  ["from-to-www-redirect", "true", "same", "drops a slash"],
  ["default-backend", "fallback", "same", ""],
  ["default-backend", "other/fallback", "differs", "own namespace only"],
  ["mirror-target", "http://copy.shop.svc$request_uri", "differs", "waits for the mirror"],
  ["affinity-canary-behavior", "legacy", "same", "", { canary: "true" }],
  ["affinity-canary-behavior", "sticky", "differs", "affinity is ignored", { canary: "true" }],
  ["canary-weight-total", "1000", "same", "", { canary: "true" }],
  [
    "canary-weight-total",
    "10",
    "differs",
    "so its weights are of 100; here they are of 10",
    { canary: "true" },
  ],
  ["canary-by-header-pattern", "^a", "same", "RE2", { canary: "true", "canary-by-header": "x" }],
  ["canary-by-query", "x", "differs", "does not know this key", { canary: "true" }],
  ["backend-protocol", "GRPC", "same", ""],
  ["backend-protocol", "FCGI", "refused", "Not spoken here"],
  ["session-cookie-name", "a", "differs", "ignores it without affinity: cookie"],
  ["session-cookie-name", "a", "same", "", { affinity: "cookie" }],
  ["session-cookie-path", "/a", "differs", "ignores it without affinity: cookie"],
  ["enable-opentelemetry", "true", "differs", "--tracing-collector"],
  ["enable-opentelemetry", "false", "same", ""],
  ["backend-protocol", "HTTP2", "differs", "does not know HTTP2"],
  ["affinity", "cookie", "same", ""],
  ["affinity", "cookie", "same", "", { "session-cookie-path": "/" }, { paths: ["Prefix /shop"] }],
  [
    "affinity",
    "cookie",
    "differs",
    "(/shop), so that each path has a session of its own; here it is /",
    {},
    { paths: ["Prefix /shop"] },
  ],
  ["session-cookie-expires", "3600", "same", "Max-Age", { affinity: "cookie" }],
  ["session-cookie-change-on-failure", "false", "same", ""],
  ["session-cookie-change-on-failure", "true", "no-effect", "does not change"],
  ["session-cookie-conditional-samesite-none", "true", "no-effect", "SameSite=None"],
  ["load-balance", "round_robin", "same", ""],
  ["load-balance", "ewma", "differs", "round_robin is used"],
  ["upstream-hash-by", "$request_uri", "same", "another one"],
  ["upstream-hash-by", "$binary_remote_addr", "differs", "$remote_addr is the same address"],
  ["upstream-hash-by-subset", "true", "no-effect", "one endpoint"],
  ["upstream-hash-by-subset-size", "3", "same", ""],
  ["proxy-ssl-secret", "shop/ca", "same", "", { "backend-protocol": "HTTPS" }],
  ["proxy-ssl-secret", "shop/ca", "differs", "means HTTPS to the backend here; ingress-nginx stays on HTTP"],
  ["proxy-ssl-name", "x.example.com", "same", "", { "proxy-ssl-secret": "shop/ca" }],
  ["proxy-ssl-name", "x.example.com", "differs", "ignores it without proxy-ssl-secret"],
  ["proxy-ssl-verify", "on", "differs", "ignores it without"],
  ["proxy-ssl-verify-depth", "2", "same", "longer chain", { "proxy-ssl-secret": "shop/ca" }],
  ["proxy-body-size", "0", "same", ""],
  ["proxy-body-size", "8m", "same", "held before"],
  ["proxy-body-size", "1g", "differs", "at most 99,999,999 bytes (95 MiB) here; on ingress-nginx 1g"],
  ["proxy-request-buffering", "off", "same", ""],
  ["proxy-request-buffering", "on", "differs", "are passed on as they come"],
  ["limit-rps", "5", "same", "50000"],
  ["limit-burst-multiplier", "3", "same", ""],
  ["limit-burst-multiplier", "20", "differs", "20 times the limit come at once; here at most 10"],
  ["enable-cors", "true", "same", "200"],
  ["enable-cors", "false", "same", ""],
  [
    "cors-allow-credentials",
    "true",
    "same",
    "",
    { "enable-cors": "true", "cors-allow-origin": "https://a.com" },
  ],
  [
    "cors-allow-credentials",
    "true",
    "differs",
    "every site may read with the user's cookies",
    { "enable-cors": "true" },
  ],
  ["cors-allow-origin", "*", "same", "named in place of", { "enable-cors": "true" }],
  ["cors-allow-methods", "*", "same", "asked for"],
  ["cors-allow-headers", "*", "same", "asked for"],
  ["opentelemetry-trust-incoming-span", "true", "same", ""],
  ["opentelemetry-trust-incoming-span", "false", "differs", "trace of its own"],
  ["proxy-buffering", "on", "no-effect", "passed on as they come"],
  ["request-header-control-update", "a b", "differs", "does not know this key"],
  ["whitelist-source-range", "10.0.0.0/8", "same", ""],
  ["limit-rate-after", "0", "same", ""],
  ["limit-rate-after", "500", "differs", "from the first byte"],
  ["ssl-passthrough", "true", "same", "--ssl-passthrough"],
  ["ssl-passthrough", "false", "same", ""],
  ["server-alias", "b.example.com", "same", ""],
  ["limit-connections", "5", "same", "Requests in flight count here"],
  ["no-such-key", "x", "no-effect", "Not known to this gateway"],
];

describe("a key of ingress-nginx", () => {
  for (const [key, value, outcome, says, others = {}, options = {}] of CASES)
    test(`${key}: ${value} is ${outcome} ${says}`, () => {
      const found = keyOf(compare([ingress({ ...others, [key]: value }, options)]), key);
      expect(found.outcome).toBe(outcome);
      if (says === "") expect(found.texts).toEqual([]);
      else expect(found.texts.join(" ")).toContain(says);
    });

  test("numbers come from the controller's ConfigMap", () => {
    const config = controllerConfig({ "limit-req-status-code": "429", "proxy-send-timeout": "90" });
    const report = compare([config, ingress({ "limit-rps": "5", "proxy-read-timeout": "90" })]);
    expect(keyOf(report, "limit-rps")).toMatchObject({ outcome: "differs" });
    expect(keyOf(report, "limit-rps").texts.join()).toContain("429 on ingress-nginx");
    expect(keyOf(report, "proxy-read-timeout").texts).toEqual([]);
  });

  test("custom-headers can be compared only with the ConfigMap", () => {
    const object = ingress({ "custom-headers": "shop/headers" });
    expect(keyOf(compare([object]), "custom-headers").outcome).toBe("differs");
    expect(keyOf(compare([object, controllerConfig({})]), "custom-headers").outcome).toBe("differs");
    const listed = controllerConfig({ "global-allowed-response-headers": "x-a" });
    expect(keyOf(compare([object, listed]), "custom-headers").outcome).toBe("same");
  });
});

describe("keys of canaries", () => {
  const main = (annotations = {}) => ingress(annotations, { name: "main", service: "main" });
  const canary = (annotations = {}, name = "web", service = "next") =>
    ingress({ canary: "true", "canary-weight": "10", ...annotations }, { name, service });

  test("one canary is the same", () => {
    expect(keyOf(compare([main(), canary()]), "canary").outcome).toBe("same");
  });
  test("several canaries of one rule all get their share", () => {
    const report = compare([main(), canary(), canary({}, "other", "third")]);
    expect(keyOf(report, "canary").texts.join()).toContain("shop/web, shop/other all get their share");
  });
  test("sticky is ingress-nginx's default with a session cookie", () => {
    const report = compare([main({ affinity: "cookie" }), canary()]);
    expect(keyOf(report, "canary").texts.join()).toContain("affinity-canary-behavior sticky, its default");
    const legacy = compare([main({ affinity: "cookie" }), canary({ "affinity-canary-behavior": "legacy" })]);
    expect(keyOf(legacy, "canary").outcome).toBe("same");
  });
  test("a Service that ordinary rules use makes ingress-nginx ignore the canary", () => {
    const report = compare([main(), canary({}, "web", "main")]);
    expect(keyOf(report, "canary").texts.join()).toContain("The Service main is used by ordinary rules too");
  });
});

describe("paths", () => {
  const topics = (options: IngressOptions, ...others: readonly ReturnType<typeof ingress>[]) =>
    reportOf(compare([ingress({}, options), ...others])).notes.map(({ topic, text }) => `${topic}: ${text}`);

  test("whole elements are the same", () => {
    expect(topics({ paths: ["Prefix /", "Prefix /foo", "Exact /bar", "ImplementationSpecific /"] })).toEqual(
      [],
    );
  });
  test("a slash at the end", () => {
    const [note] = topics({ paths: ["Prefix /foo/"] });
    expect(note).toContain("path-with-slash: On ingress-nginx /foo/ does not take /foo");
    expect(note).toContain("here /foo/ takes /foo too");
    expect(topics({ paths: ["Exact /foo/"] })[0]).toContain("takes nothing but itself");
  });
  test("ImplementationSpecific is text there", () => {
    expect(topics({ paths: ["ImplementationSpecific /foo"] })[0]).toContain("/foo takes /foomore too");
  });

  const maker = ingress(
    { "rewrite-target": "/$1" },
    { name: "maker", paths: ["ImplementationSpecific /x/(.*)"] },
  );
  test("another Ingress of the host makes patterns of them", () => {
    const [note] = topics({ paths: ["Exact /foo", "Prefix /Bar", "Prefix /"] }, maker);
    expect(note).toContain(
      "on account of shop/maker: /foo (Exact): it also takes /foo/more and /FOO; /Bar (Prefix): it also takes /Barmore and /BAR",
    );
    expect(
      keyOf(compare([ingress({}, { paths: ["Exact /foo"] }), maker]), "rewrite-target", "maker").texts.join(),
    ).toContain("shop/web; for example /foo there");
  });
  test("one of another host, or one with plain / only, does not", () => {
    expect(topics({ paths: ["Exact /foo"], host: "b.example.com" }, maker)).toEqual([]);
    expect(topics({ paths: ["Prefix /"] }, maker)).toEqual([]);
  });
});

describe("snippets", () => {
  test("that set fixed headers have annotations that do so", () => {
    const snippet =
      'more_set_headers "X-A: b" "X-C: d e";\nproxy_set_header X-T "1"; # why\nproxy_set_header X-R "";';
    const report = compare([ingress({ "configuration-snippet": snippet })]);
    expect(reportOf(report).fixes).toEqual({
      "response-header-control-update": "X-A b\nX-C d e",
      "request-header-control-update": "X-T 1",
      "request-header-control-remove": "X-R",
    });
  });
  test.each([
    'more_set_headers "X-A: $host";',
    'more_set_headers -s 404 "X-A: b";',
    "proxy_set_header Host a;",
    "if ($a) { more_set_headers 'x: y'; }",
    'more_set_headers "X-A: b"',
    "add_header X-A b;",
    "deny all;",
    "",
  ])("such as %j have none", (snippet) => {
    expect(reportOf(compare([ingress({ "configuration-snippet": snippet })])).fixes).toEqual({});
  });
});

test("ssl-passthrough of a host that others share", () => {
  const report = compare([ingress({ "ssl-passthrough": "true" }), ingress({}, { name: "other" })]);
  expect(keyOf(report, "ssl-passthrough").texts.join()).toContain("shared with shop/other");
});
