import type { VirtualHost } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { diff } from "./diff.ts";
import { explain } from "./explain.ts";
import { renderExplanation } from "./render-explanation.ts";
import { backend, get, loadAssignment, prefix, route, view, virtualHost } from "./testing.ts";

const passed = (host: string, name?: string): VirtualHost => ({
  ...virtualHost(host, [route(`shop/${name ?? "web"}/0/0`, prefix("/"))]),
  passthrough: { origins: [], ...(name !== undefined && { backend: backend(name) }) },
});
const gateway = view([
  passed("pass.com", "tls"),
  passed("closed.com"),
  passed("*.w.com", "wild"),
  virtualHost("inner.w.com", [route("shop/inner/0/0", prefix("/"))], "default"),
  virtualHost("own.com", [route("shop/own/0/0", prefix("/"))], "shop/own"),
]);

/** The answer in its first line. */
function answer(url: string, sni?: string): string {
  const text = renderExplanation(explain({ ...get(url), ...(sni !== undefined && { sni }) }, gateway));
  return /^→ (.*)$/m.exec(text)?.[1] ?? text;
}

describe("TLS that is passed on", () => {
  test.each<[string, string | undefined, string]>([
    ["https://pass.com/x", undefined, "pass the TLS connection on to shop/tls/80"],
    ["https://a.w.com/", undefined, "pass the TLS connection on to shop/wild/80"],
    ["https://own.com/", "pass.com", "pass the TLS connection on to shop/tls/80"],
    ["https://closed.com/", undefined, "connection closed: no rule of the host has the path / and a Service"],
    ["https://a.b.w.com/", undefined, "connection closed: *.w.com stands for exactly one label"],
    ["https://inner.w.com/", undefined, "forward to shop/inner/80"],
    ["http://pass.com/x", undefined, "forward to shop/tls/80"],
  ])("%s on a connection for %s", (url, sni, words) => {
    expect(answer(url, sni)).toBe(words);
  });

  test.each([
    ["https://pass.com/", "own.com"],
    ["https://pass.com/", "elsewhere.com"],
  ])("%s on a connection for %s is misdirected", (url, sni) => {
    expect(answer(url, sni)).toMatch(/^421 /);
  });

  test("without an endpoint closes the connection, and the certificate is the backend's", () => {
    const empty = { ...gateway, loadAssignment: (name: string) => loadAssignment(name) };
    const text = renderExplanation(explain(get("https://pass.com/"), empty));
    expect(text).toContain("connection closed: it has no ready endpoint");
    expect(text).toContain("certificate the backend's own");
  });

  test("shows in a comparison as what clients see", () => {
    const world = (host: VirtualHost) => ({
      virtualHosts: new Map([[host.host, host]]),
      clusters: new Map(),
      loadAssignments: new Map(),
      certificates: new Map(),
    });
    const before = virtualHost("pass.com", [route("shop/tls/0/0", prefix("/"))], "shop/own");
    expect(diff(world(before), world(passed("pass.com", "tls"))).changes).toEqual([
      { kind: "host-certificate", host: "pass.com", before: "shop/own", after: "passed on to shop/tls/80" },
    ]);
  });
});

describe("copies", () => {
  const mirrored = (host?: string) =>
    virtualHost("a.com", [
      route("shop/web/0/0", prefix("/"), {
        action: {
          kind: "forward",
          backends: [{ backend: backend("web"), weight: 1 }],
          mirror: {
            percent: 25,
            ...(host !== undefined && { host }),
            backend: {
              name: "_outside/copies.com/443/https",
              target: { kind: "outside", host: "copies.com", port: 443 },
              variant: {},
            },
            httpsBackend: backend("secure"),
          },
        },
      }),
    ]);

  test("are shown with their share, their host and where they go", () => {
    const text = renderExplanation(explain(get("http://a.com/"), view([mirrored("copies.com")])));
    expect(text).toContain("copies    25 % _outside/copies.com/443/https  (host copies.com, port 443)");
    expect(text).toContain("with host copies.com");
  });

  test("go to the backend for HTTPS, with the request's host and -shadow", () => {
    const text = renderExplanation(explain(get("https://a.com/"), view([mirrored()])));
    expect(text).toContain("copies    25 % shop/secure/80");
    expect(text).toContain("with host the request's with -shadow");
  });

  test("that nobody gets are no fault of the request", () => {
    const empty = view([mirrored()], {
      loadAssignment: (name) => loadAssignment(name, ...(name === "shop/web/80" ? ["10.0.0.1"] : [])),
    });
    const text = renderExplanation(explain(get("http://a.com/"), empty));
    expect(text).toContain("no copies: it has no ready endpoint");
    expect(text).not.toContain("503");
  });
});
