import { describe, expect, test } from "vitest";
import { compare, controllerConfig, GATEWAY, ingress } from "./testing/compare.ts";

const settingOf = (key: string, value: string, gateway = {}) => {
  const report = compare([controllerConfig({ [key]: value }), ingress({})], {
    gateway: { ...GATEWAY, ...gateway },
  });
  const [found] = report.controller?.settings ?? [];
  if (found === undefined) throw new Error(`There is no report on ${key}.`);
  return { ...found, verdict: report.verdict };
};

test.each(["service-upstream", "use-port-in-redirects", "relative-redirects", "ssl-reject-handshake"])(
  "%s is no tuning",
  (key) => {
    const outcome = (value: string) =>
      compare([controllerConfig({ [key]: value })]).controller?.settings[0]?.outcome;
    expect([outcome("true"), outcome("false")]).toEqual(["differs", "same"]);
  },
);

describe("a key of the controller's ConfigMap", () => {
  test.each([
    ["proxy-body-size", "0", "same", ""],
    ["proxy-body-size", "8m", "differs", "limited to 8m"],
    ["proxy-connect-timeout", "5", "same", ""],
    ["proxy-read-timeout", "300", "same", ""],
    ["proxy-read-timeout", "60", "differs", "60 there, 300 here: set the annotation proxy-read-timeout"],
    ["proxy-next-upstream-tries", "4", "same", "3 retries"],
    ["proxy-next-upstream-tries", "3", "differs", "3 tries in all there"],
    ["proxy-next-upstream", "error timeout", "same", ""],
    ["ssl-redirect", "true", "same", ""],
    ["ssl-redirect", "false", "differs", "--ssl-redirect false"],
    ["force-ssl-redirect", "true", "differs", "force-ssl-redirect"],
    ["http-redirect-code", "301", "differs", "301 there, always 308 here"],
    ["hsts", "false", "same", ""],
    ["hsts", "true", "differs", "Strict-Transport-Security"],
    ["use-forwarded-headers", "false", "same", ""],
    ["use-forwarded-headers", "true", "differs", "--trusted-hops"],
    ["limit-req-status-code", "503", "same", ""],
    ["limit-req-status-code", "429", "differs", "429 there and 503 here"],
    ["custom-http-errors", "404,503", "refused", "404,503"],
    ["whitelist-source-range", "10.0.0.0/8", "refused", "spec.global.ipAccessControl.whitelist"],
    ["whitelist-source-range", "", "same", ""],
    ["denylist-source-range", "10.0.0.0/8", "refused", "spec.global.ipAccessControl.blacklist"],
    ["enable-modsecurity", "true", "refused", "Not yet"],
    ["enable-modsecurity", "false", "same", ""],
    ["global-auth-url", "http://a", "refused", "whole gateway"],
    ["global-auth-method", "GET", "refused", "Belongs to authentication"],
    ["http-snippet", "limit_req_zone x;", "refused", "Configuration for NGINX"],
    ["ssl-protocols", "TLSv1.3 TLSv1.2", "same", ""],
    ["ssl-protocols", "TLSv1 TLSv1.1 TLSv1.2", "differs", "tls-min-protocol-version"],
    ["enable-opentelemetry", "true", "differs", "--tracing-collector"],
    ["annotation-value-word-blocklist", "load_module", "no-effect", "no word is dangerous"],
    ["gzip-level", "3", "no-effect", "Tuning"],
    ["no-such-setting", "1", "unknown", "compare it yourself"],
    ["constructor", "1", "unknown", "compare it yourself"],
  ])("%s: %j is %s", (key, value, outcome, says) => {
    const found = settingOf(key, value);
    expect(found).toMatchObject({ key, value, outcome });
    expect(found.text).toContain(says);
    expect(found.verdict).toBe({ refused: "blocked", differs: "look", unknown: "look" }[outcome] ?? "ready");
  });

  test("is compared with the gateway's own settings", () => {
    expect(settingOf("ssl-redirect", "false", { sslRedirect: false }).outcome).toBe("same");
    expect(settingOf("limit-req-status-code", "429", { clientLimitStatus: 429 }).outcome).toBe("same");
    expect(settingOf("use-forwarded-headers", "true", { trustedHops: 1 }).outcome).toBe("same");
    expect(settingOf("enable-opentelemetry", "true", { tracing: true }).outcome).toBe("same");
  });

  test("names what it protected", () => {
    expect(settingOf("whitelist-source-range", "10.0.0.0/8").lost).toBe("an address list for all hosts");
    expect(settingOf("http-snippet", "limit_req_zone x;").lost).toBe("limit_req_zone");
    expect(settingOf("http-snippet", "map $a $b {}").lost).toBeUndefined();
  });
});

describe("differences of defaults", () => {
  const topics = (data: Readonly<Record<string, string>>, gateway = {}) =>
    compare([controllerConfig(data), ingress({})], { gateway: { ...GATEWAY, ...gateway } }).defaults.map(
      ({ topic, there }) => `${topic}: ${there}`,
    );

  test("are told once, whatever the number of Ingresses", () => {
    const report = compare([ingress({}), ingress({ "proxy-body-size": "1m" }, { name: "two" })]);
    expect(report.defaults.map(({ topic }) => topic)).toEqual([
      "proxy-body-size",
      "timeouts",
      "retries",
      "proxy-request-buffering",
      "hsts",
      "slash-on-redirect",
      "cors",
      "server-header",
      "keep-alive",
    ]);
    expect(report.defaults[0]?.advice).toContain("1 of 2 Ingresses");
    expect(report.verdict).toBe("ready");
  });

  test("have the numbers of the ConfigMap, and go where it says what this gateway does", () => {
    const found = topics({
      "proxy-body-size": "20m",
      "proxy-read-timeout": "90",
      "proxy-next-upstream-tries": "4",
      hsts: "false",
      "proxy-request-buffering": "off",
    });
    expect(found.join("\n")).toContain("Request bodies over 20m get 413");
    expect(found.join("\n")).toContain("90 s for the backend to answer, 60 s");
    expect(found.join("\n")).not.toMatch(/hsts|retries|request-buffering/);
    expect(topics({ "proxy-body-size": "0" }).join()).not.toContain("proxy-body-size");
    expect(topics({ "ssl-redirect": "false" }).join()).toContain("Nothing is redirected to https");
  });
});
