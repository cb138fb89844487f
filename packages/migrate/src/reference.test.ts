import { describe, expect, test } from "vitest";
import { compare, ingress, reportOf } from "./testing/compare.ts";

const on = (annotations: Readonly<Record<string, string>>, ...paths: readonly string[]) =>
  ingress(annotations, paths.length === 0 ? {} : { paths });
const main = ingress({ affinity: "cookie" }, { name: "main", service: "main" });
const canary = (name = "web", service = "next") =>
  ingress({ canary: "true", "canary-weight": "10" }, { name, service });

/** Each place that the annotation reference marks as different from ingress-nginx, and words of the check that name it. */
const MARKS = {
  "Prefix /foo/ takes /foo": [[on({}, "Prefix /foo/")], "/foo/ does not take /foo"],
  "canary-weight-total below 100": [
    [on({ canary: "true", "canary-weight-total": "10" })],
    "totals over 100 only",
  ],
  "several canaries": [[canary(), canary("second", "third")], "one canary of a rule"],
  "sticky canaries": [[main, canary()], "sticky, its default"],
  "a canary's Service in ordinary rules": [[main, canary("web", "main")], "ignores the canary"],
  "use-regex of the whole host": [
    [on({ "use-regex": "true" }, "Exact /a/b"), ingress({}, { name: "other", paths: ["Exact /foo"] })],
    "makes patterns of the paths of other Ingresses",
  ],
  "ssl-redirect without a certificate": [[on({ "ssl-redirect": "true" })], "308 to https all the same"],
  "preserve-trailing-slash": [[on({ "preserve-trailing-slash": "false" })], "drops the slash"],
  "timeouts that are absent": [[on({})], "60 s for the backend to answer, 60 s for a stalled upload"],
  "proxy-next-upstream-tries": [[on({ "proxy-next-upstream-tries": "3" })], "3 means 2 retries there"],
  "proxy-next-upstream-timeout": [[on({ "proxy-next-upstream-timeout": "5" })], "5 s for all tries together"],
  "slow mirrors": [[on({ "mirror-target": "http://a.b.svc" })], "a slow mirror delays none"],
  "session-cookie-path": [[on({ affinity: "cookie" }, "Prefix /a")], "here it is /"],
  "proxy-ssl-secret alone": [[on({ "proxy-ssl-secret": "shop/a" })], "ingress-nginx stays on HTTP"],
  "proxy-body-size that is absent": [[on({})], "Request bodies over 1m get 413"],
  "proxy-request-buffering that is absent": [[on({})], "held until all of its body is there"],
  "origin * with credentials": [
    [on({ "enable-cors": "true", "cors-allow-credentials": "true" })],
    "with the user's cookies",
  ],
  HSTS: [[on({})], "max-age=31536000; includeSubDomains"],
} as const;

describe("a difference that the reference marks is named", () => {
  for (const [mark, [objects, words]] of Object.entries(MARKS))
    test(mark, () => {
      const report = compare([...objects]);
      const said = [
        ...reportOf(report).keys.flatMap(({ texts }) => texts),
        ...reportOf(report).notes.map(({ text }) => text),
        ...report.defaults.map(({ there }) => there),
      ];
      expect(said.join("\n")).toContain(words);
    });
});
