import { features } from "@sluice/features";
import { TYPE_URLS } from "@sluice/protos";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selfSignedCertificate } from "../gateway/self-signed.ts";
import { OperatorError } from "../operator-error.ts";
import { PAGES, PROBE_PAGES } from "./pages/index.ts";
import { serveDebug } from "./serve-debug.ts";
import { type DebugBench, debugBench, shop } from "./testing/debug-bench.ts";

const XSS = `<img src=x onerror=alert(1)>"'`;
const SECRET = "something hush-hush";
const SECRET_BASE64 = Buffer.from(SECRET).toString("base64");

/** A shop with a hostile annotation, and a Secret. */
async function world(): Promise<DebugBench> {
  const bench = await debugBench();
  const certificate = await selfSignedCertificate(Date.now());
  const key = Buffer.from(certificate.key).toString("base64");
  bench.apply(shop("shop.example", { "mse.ingress.kubernetes.io/timeout": XSS, "example.com/note": XSS }));
  bench.apply(shop("news.example", {}, "news"));
  bench.apply(
    JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "tls",
        namespace: "shop",
        annotations: { "last-applied": `{"data":"${SECRET_BASE64}"}` },
      },
      type: "kubernetes.io/tls",
      data: {
        "tls.crt": Buffer.from(certificate.chain).toString("base64"),
        "tls.key": key,
        more: SECRET_BASE64,
      },
    }),
  );
  bench.sync();
  await bench.connect("envoy-1", { refuse: "http/news.example" });
  await bench.connect("envoy-2");
  return bench;
}

describe("what the pages say", () => {
  let bench: DebugBench;
  beforeAll(async () => {
    bench = await world();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  test.each<[path: string, json: object, html: readonly string[]]>([
    [
      "/debug",
      {
        ready: true,
        ingresses: 2,
        nodes: { connected: 2, busy: 0 },
        quarantine: 1,
        pages: expect.arrayContaining([expect.objectContaining({ path: "/debug/explain" })]),
      },
      ["2 Ingresses", 'href="/debug/nodes"', "1 refusal by Envoy"],
    ],
    [
      "/debug/objects",
      { total: 5, items: expect.arrayContaining([expect.objectContaining({ name: "web", warnings: 1 })]) },
      ["Ingress shop/web", "1 warning", "2026-01-02T03:04:05.000Z"],
    ],
    [
      "/debug/objects?kind=Service",
      { total: 1, items: [expect.objectContaining({ name: "cart" })] },
      ["Service shop/cart"],
    ],
    ["/debug/objects?namespace=none", { total: 0, items: [] }, ["There is no such object."]],
    ["/debug/objects?name=web", { total: 1 }, ["Ingress shop/web"]],
    [
      "/debug/objects?kind=Ingress&namespace=shop&name=web",
      {
        object: expect.objectContaining({ kind: "Ingress" }),
        diagnostics: [expect.objectContaining({ code: "annotation-value" })],
        quarantine: [],
        resources: expect.objectContaining({
          items: expect.arrayContaining([
            expect.objectContaining({
              type: "virtual-hosts",
              name: "http/shop.example",
              nodes: [
                { node: "envoy-1", state: "accepted", held: expect.any(String) },
                { node: "envoy-2", state: "accepted", held: expect.any(String) },
              ],
            }),
          ]),
        }),
      },
      ["annotation-value", "http/shop.example", "accepted"],
    ],
    [
      "/debug/objects?kind=Ingress&namespace=shop&name=news",
      {
        quarantine: [expect.objectContaining({ withheld: "resource", earlierFormServes: false })],
        resources: expect.objectContaining({
          items: expect.arrayContaining([
            expect.objectContaining({
              name: "http/news.example",
              nodes: expect.arrayContaining([
                { node: "envoy-1", state: "refused", words: 'bad <b>regex</b> & "quotes"' },
              ]),
            }),
          ]),
        }),
      },
      ["refused by Envoy", "bad &#60;b&#62;regex"],
    ],
    [
      "/debug/objects?kind=Secret&namespace=shop&name=tls",
      { object: expect.objectContaining({ data: expect.objectContaining({ more: "(19 bytes)" }) }) },
      ["(19 bytes)"],
    ],
    [
      "/debug/resources",
      [
        {
          rendering: "full",
          types: expect.arrayContaining([expect.objectContaining({ service: "vhds", count: 4 })]),
        },
      ],
      ['href="/debug/resources/virtual-hosts"', "VHDS"],
    ],
    [
      "/debug/resources/clusters",
      {
        type: "clusters",
        rendering: "full",
        total: 1,
        items: [expect.objectContaining({ name: "shop/cart/80" })],
      },
      ["shop/cart/80"],
    ],
    [
      "/debug/resources/vhds?limit=1",
      {
        total: 4,
        items: [
          { name: "http/news.example", version: expect.any(String), bytes: expect.any(Number), origins: 1 },
        ],
      },
      ["1 of 4 resources", "after=http%2Fnews.example"],
    ],
    [
      "/debug/resources/vhds?name=http/shop.example",
      {
        typeUrl: TYPE_URLS.VIRTUAL_HOST,
        origins: [{ object: { kind: "Ingress", namespace: "shop", name: "web" } }],
        routes: [expect.objectContaining({ name: "shop/web/0/0" })],
        dependsOn: expect.arrayContaining([{ typeUrl: TYPE_URLS.CLUSTER, name: "shop/cart/80" }]),
        message: expect.objectContaining({ domains: ["shop.example"] }),
      },
      ["kind=Ingress&#38;namespace=shop&#38;name=web", "/debug/resources/clusters?name=shop%2Fcart%2F80"],
    ],
    [
      "/debug/resources/cds?name=shop/cart/80",
      { referencedBy: expect.objectContaining({ total: 4 }) },
      ["Needed by", "http/shop.example"],
    ],
    [
      "/debug/resources/sds?name=default",
      {
        message: expect.objectContaining({
          tlsCertificate: expect.objectContaining({ privateKey: "[redacted]" }),
        }),
      },
      ["[redacted]", "the gateway itself"],
    ],
    [
      "/debug/nodes?node=envoy-1",
      [
        expect.objectContaining({
          node: "envoy-1",
          idle: true,
          types: expect.arrayContaining([
            expect.objectContaining({
              type: "virtual-hosts",
              subscribed: "*",
              accepted: 3,
              refused: [
                expect.objectContaining({ name: "http/news.example", words: 'bad <b>regex</b> & "quotes"' }),
              ],
              lastMs: expect.any(Number),
            }),
          ]),
        }),
      ],
      [
        "up to date",
        "Envoy&#39;s words",
        "bad &#60;b&#62;regex",
        'href="/debug/resources/virtual-hosts?name=http%2Fnews.example"',
      ],
    ],
    [
      "/debug/nodes?node=envoy-1&type=vhds",
      {
        total: 4,
        items: expect.arrayContaining([
          expect.objectContaining({
            name: "http/news.example",
            state: "refused",
            wanted: expect.any(String),
          }),
          expect.objectContaining({ name: "http/shop.example", state: "accepted" }),
        ]),
      },
      ["virtual-hosts on envoy-1", "refused"],
    ],
    [
      "/debug/diagnostics",
      {
        items: expect.arrayContaining([
          expect.objectContaining({ code: "annotation-value", location: { file: "-", line: 5, column: 1 } }),
        ]),
      },
      ["kind=Ingress&#38;namespace=shop&#38;name=web", "expected", "-:5:1"],
    ],
    ["/debug/diagnostics?code=annotation-value&kind=Ingress&name=web", { total: 1 }, ["annotation-value"]],
    ["/debug/diagnostics?severity=info", { total: 0, items: [] }, ["There is nothing to say."]],
    [
      "/debug/quarantine",
      [
        {
          withheld: "resource",
          objects: [{ kind: "Ingress", namespace: "shop", name: "news" }],
          resource: { type: "virtual-hosts", typeUrl: TYPE_URLS.VIRTUAL_HOST, name: "http/news.example" },
          words: 'bad <b>regex</b> & "quotes"',
          since: expect.stringMatching(/^\d{4}-/),
          earlierFormServes: false,
          nodes: ["envoy-1"],
          version: expect.any(String),
          rendering: "full",
        },
      ],
      ["Ingress shop/news", "it takes no traffic", 'href="/debug/nodes?node=envoy-1'],
    ],
    [
      "/debug/explain?method=POST&url=http://shop.example/x&header=x-a:%20b&header=x-c:%20d%0Ax-e:%20f",
      {
        asked: { method: "POST", url: "http://shop.example/x" },
        request: expect.objectContaining({
          headers: expect.objectContaining({ "x-a": ["b"], "x-c": ["d"], "x-e": ["f"] }),
        }),
        outcomes: [expect.objectContaining({ route: "shop/web/0/0" })],
      },
      [
        "shop/web/0/0",
        "10.0.0.1:8000",
        "kind=Ingress&#38;namespace=shop&#38;name=web",
        "spec.rules[0].http.paths[0]",
      ],
    ],
    [
      "/debug/explain?url=http://nowhere.example/",
      { outcomes: [expect.objectContaining({ action: expect.objectContaining({ status: 404 }) })] },
      ["no rule is for the host nowhere.example"],
    ],
    [
      "/debug/explain",
      { error: expect.stringContaining("url is missing") },
      ['<form action="/debug/explain" method="get">'],
    ],
  ])("%s", async (path, json, html) => {
    const reply = await bench.get(path);
    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("application/json; charset=utf-8");
    const data = reply.json<object>();
    if (Array.isArray(json)) expect(data).toEqual(json);
    else expect(data).toMatchObject(json);
    const page = await bench.html(path);
    for (const part of html) expect(page).toContain(part);
  });

  test.each<[path: string, status: number, error: string]>([
    ["/debug/nothing", 404, "There is no page /debug/nothing."],
    ["/debug/objects?kind=Gateway", 400, 'There is no kind "Gateway"; there are: Ingress, '],
    ["/debug/objects?limit=x", 400, "limit must be a whole number from 1 to 10000."],
    [
      "/debug/objects?kind=Ingress&namespace=shop&name=constructor",
      404,
      "There is no Ingress shop/constructor.",
    ],
    ["/debug/objects?kind=IngressClass&name=mse", 404, "There is no IngressClass mse."],
    ["/debug/resources/xds", 404, 'There is no type "xds" of resources.'],
    [
      "/debug/resources/cds?name=nope",
      404,
      'There is no resource "nope" among the clusters of this rendering.',
    ],
    ["/debug/resources/cds?rendering=x", 404, 'There is no rendering "x"; there are: "full".'],
    ["/debug/resources/cds?limit=0", 400, "limit must be"],
    ["/debug/nodes?node=x", 404, 'No node "x" is connected.'],
    ["/debug/nodes?node=envoy-1&type=x", 404, 'There is no type "x" of resources.'],
    ["/debug/nodes?node=envoy-1&type=cds&limit=0", 400, "limit must be"],
    ["/debug/diagnostics?after=x", 400, "after must be the number of findings to skip."],
    ["/debug/diagnostics?limit=-1", 400, "limit must be"],
    ["/debug/explain?url=", 400, "url is missing"],
    ["/debug/explain?url=http://a/&header=nocolon", 400, 'header must be "Name: value", not "nocolon".'],
  ])("%s is answered with %i and a sentence", async (path, status, error) => {
    const reply = await bench.get(path);
    expect(reply.status).toBe(status);
    expect(reply.json<{ error: string }>().error).toContain(error);
    expect((await bench.get(path, { accept: "text/html" })).status).toBe(status);
  });

  test("an unknown page names the pages there are", async () => {
    const { pages } = (await bench.get("/nope")).json<{ pages: string[] }>();
    expect(pages).toEqual(PAGES.map(({ path }) => path));
    expect(await bench.html("/nope")).toContain('href="/debug/objects"');
  });

  test("every link leads somewhere, and nothing hostile or secret comes out on the way, in HTML and JSON", async () => {
    const hush = secretTexts(bench);
    const seen = new Set(["/"]);
    for (const path of seen) {
      const html = await bench.get(path, { accept: "text/html" });
      const json = await bench.get(path);
      for (const reply of [html, json]) {
        expect([path, reply.status]).toEqual([path, 200]);
        for (const bytes of hush) expect(reply.text.includes(bytes) && path).toBe(false);
      }
      if (html.headers["content-type"] !== "text/html; charset=utf-8") continue;
      expect(html.text).not.toMatch(/<img|<script|<b>/);
      for (const [, to = ""] of html.text.matchAll(/href="([^"]*)"/g))
        seen.add(to.replaceAll("&#38;", "&").replaceAll("&#39;", "'"));
    }
    // All pages of the table, each object, resource and node.
    expect(seen.size).toBeGreaterThan(60);
    expect([...seen].filter((path) => path.includes("name=http%2Fshop.example"))).not.toEqual([]);
  });
});

/** What must not come out: texts of secrets as they are, and in base64 as JSON would have bytes. */
function secretTexts({ target }: DebugBench): readonly string[] {
  const keys = [
    target.store.get("Secret", "shop", "tls")?.data["tls.key"],
    target.controlPlane.model.certificates.get("default")?.key,
  ].map((bytes) => Buffer.from(bytes ?? "").toString());
  return [
    SECRET,
    SECRET_BASE64,
    ...keys.flatMap((key) => {
      const line = key.split("\n")[1] ?? "";
      expect(line.length).toBeGreaterThan(40);
      return [line, Buffer.from(key).toString("base64").slice(0, 60)];
    }),
  ];
}

describe("the protocol", () => {
  let bench: DebugBench;
  beforeAll(async () => {
    bench = await debugBench();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s is refused", async (method) => {
    const reply = await bench.get("/debug", {}, method);
    expect(reply.status).toBe(405);
    expect(reply.headers.allow).toBe("GET, HEAD");
  });

  test("HEAD gets the headers of GET and no body", async () => {
    const head = await bench.get("/debug", {}, "HEAD");
    const get = await bench.get("/debug");
    expect(head.status).toBe(200);
    expect(head.text).toBe("");
    expect(head.headers["content-length"]).toBe(get.headers["content-length"]);
  });

  test.each(["/debug", "/healthz", "/metrics", "/nope"])(
    "%s under a foreign Host is refused",
    async (path) => {
      const reply = await bench.get(path, { host: "rebound.evil.example:80" });
      expect(reply.status).toBe(403);
      expect(reply.text).toContain("--debug-address");
    },
  );

  test.each(["/debug", "/nope", "/healthz"])(
    "%s is neither cached, framed, sniffed nor scripted",
    async (path) => {
      const { headers } = await bench.get(path, { accept: "text/html" });
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "content-security-policy": expect.stringContaining("default-src 'none'"),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-resource-policy": "same-origin",
      });
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    },
  );

  test("an exception of a page is told to us and not to the client, and harms no other page", async () => {
    const failing = {
      ...bench.target,
      ads: {
        ...bench.target.ads,
        nodes: () => {
          throw new Error("inner detail");
        },
      },
    };
    const errors: unknown[] = [];
    const server = await serveDebug({
      address: "127.0.0.1:0",
      gateway: failing,
      onError: (error) => errors.push(error),
    });
    const reply = await fetch(`${server.url}/debug/nodes`);
    expect(reply.status).toBe(500);
    expect(await reply.text()).not.toContain("inner detail");
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(errors).toEqual([new Error("inner detail")]);
    await server.close();
  });

  test("an address in use is an error for the operator", async () => {
    const address = bench.url.replace("http://", "");
    const failed = serveDebug({ address, gateway: bench.target });
    await expect(failed).rejects.toBeInstanceOf(OperatorError);
    await expect(failed).rejects.toThrow(`The address ${address} cannot be bound`);
  });

  test("an IPv6 address is served, and its URL has brackets", async () => {
    const server = await serveDebug({ address: "[::1]:0", gateway: bench.target });
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await server.close();
  });
});

describe("health", () => {
  test("ready once every source has delivered", async () => {
    await using bench = await debugBench();
    expect((await bench.get("/healthz")).text).toBe("ok\n");
    const before = await bench.get("/readyz");
    expect([before.status, before.text]).toEqual([503, "not ready\n"]);
    const verbose = await bench.get("/readyz?verbose");
    expect([verbose.status, verbose.text]).toEqual([
      503,
      "[-] sources: waiting for test files\n[-] snapshot: not complete for full\nnot ready\n",
    ]);
    bench.sync();
    await bench.target.store.whenSynced();
    const after = await bench.get("/readyz?verbose");
    expect([after.status, after.text]).toEqual([200, "[+] sources: ok\n[+] snapshot: ok\nready\n"]);
    expect((await bench.get("/readyz")).text).toBe("ok\n");
  });
});

test("where probes are served, nothing else is", async () => {
  await using bench = await debugBench();
  const server = await serveDebug({ address: "127.0.0.1:0", gateway: bench.target, pages: PROBE_PAGES });
  const status = async (path: string) => (await fetch(`${server.url}${path}`)).status;
  expect(await Promise.all(["/healthz", "/readyz", "/metrics"].map(status))).toEqual([200, 503, 200]);
  const others = PAGES.filter((page) => !PROBE_PAGES.includes(page)).map(({ path }) => path);
  expect(new Set(await Promise.all(["/", ...others].map(status)))).toEqual(new Set([404]));
  await server.close();
});

describe("several renderings", () => {
  test("each is shown by its name, and a node with its own", async () => {
    const needy = features.map((feature) =>
      feature.id === "canary" ? { ...feature, requires: ["envoy.x"] } : feature,
    );
    await using bench = await debugBench(needy);
    bench.apply(shop("shop.example"));
    bench.sync();
    await bench.connect("plain");
    const name = "without envoy.x";
    expect(
      (await bench.get("/debug/resources")).json<{ rendering: string }[]>().map((one) => one.rendering),
    ).toEqual(["full", name]);
    expect((await bench.get("/debug/nodes")).json<{ rendering: string }[]>()).toMatchObject([
      { rendering: name },
    ]);
    const path = "/debug/resources/vhds?name=http/shop.example";
    expect((await bench.get(path)).json<object>()).toMatchObject({ rendering: "full", nodes: [] });
    const other = await bench.get(`${path}&rendering=${encodeURIComponent(name)}`);
    expect(other.json<object>()).toMatchObject({
      rendering: name,
      nodes: [{ node: "plain", state: "accepted" }],
    });
    expect(await bench.html("/debug/resources/vhds")).toContain("rendering=without+envoy.x");
  });
});
