import { describe, expect, test } from "vitest";
import { compare, ingress, reportOf } from "./testing/compare.ts";

/** What is said of `web`, which shares its Service with another Ingress. */
function shared(
  other: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>> = {},
  service = "web",
) {
  const report = compare([ingress(own), ingress(other, { name: "other", host: "b.example.com", service })]);
  return reportOf(report).notes.filter(({ topic }) => topic === "service-shared");
}

describe("a Service that another Ingress has spoken to in another way", () => {
  test("holds for the Ingress that says nothing", () => {
    expect(shared({ "backend-protocol": "HTTPS" })).toMatchObject([
      { outcome: "differs", text: expect.stringContaining("shop/other says backend-protocol: HTTPS") },
    ]);
    const tls = { "backend-protocol": "HTTPS", "proxy-ssl-secret": "shop/ca", "proxy-ssl-verify": "on" };
    const [note] = shared(tls, { "backend-protocol": "HTTPS" });
    expect(note?.text).toContain("proxy-ssl-secret: shop/ca");
    expect(note?.text).toContain("proxy-ssl-verify: on");
    expect(note?.text).not.toContain("backend-protocol");
  });

  test("is nothing where it says the same, the default, or of another Service", () => {
    expect(shared({ "backend-protocol": "HTTPS" }, { "backend-protocol": "HTTPS" })).toEqual([]);
    expect(shared({ "backend-protocol": "HTTP", "proxy-ssl-verify": "off" })).toEqual([]);
    expect(shared({ "backend-protocol": "HTTPS" }, {}, "another")).toEqual([]);
  });
});
