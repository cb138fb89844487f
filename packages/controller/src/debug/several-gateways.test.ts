import { features } from "@sluice/features";
import { DEFAULT_GATEWAY_SETTINGS, type ListeningRules } from "@sluice/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DebugBench, debugBench, shop } from "./testing/debug-bench.ts";

/** Two gateways: "blue" listens to nothing that there is, "green" to the class of the shop. */
let bench: DebugBench;
beforeAll(async () => {
  const define = (name: string, listens: ListeningRules) => ({
    name,
    listens,
    settings: DEFAULT_GATEWAY_SETTINGS,
  });
  bench = await debugBench(features, [
    define("blue", { ingressClass: "other" }),
    define("green", { ingressClass: "mse" }),
  ]);
  bench.apply(shop("shop.test"));
  bench.sync();
});
afterAll(() => bench[Symbol.asyncDispose]());

describe("with several gateways", () => {
  test("the first page lists them, and leads to each", async () => {
    const data = (await bench.get("/debug")).json<{
      gateways: { name: string; hosts: number; page: string }[];
    }>();
    expect(data.gateways.map(({ name, hosts, page }) => [name, hosts, page])).toEqual([
      ["blue", 0, "/debug?gateway=blue"],
      ["green", 1, "/debug?gateway=green"],
    ]);
    expect(await bench.html("/debug")).toContain('href="/debug?gateway=green"');
  });

  test.each(["/debug/objects", "/debug/resources", "/debug/nodes", "/debug/diagnostics"])(
    "%s wants to know which, and says which there are",
    async (page) => {
      const names = { gateways: ["blue", "green"] };
      const unnamed = await bench.get(page);
      expect([unnamed.status, unnamed.json()]).toMatchObject([400, names]);
      const unknown = await bench.get(`${page}?gateway=red`);
      expect([unknown.status, unknown.json()]).toMatchObject([404, names]);
      expect((await bench.get(`${page}?gateway=blue`)).status).toBe(200);
    },
  );

  test("what a page says is of the one gateway, and so are the pages that it leads to", async () => {
    const resources = async (name: string) => (await bench.get(`/debug/resources/vhds?gateway=${name}`)).text;
    expect(await resources("green")).toContain("http/shop.test");
    expect(await resources("blue")).not.toContain("http/shop.test");
    const html = await bench.html("/debug/resources/vhds?gateway=green");
    const links = [...html.matchAll(/href="(\/debug[^"]*)"/g)].map(([, link = ""]) =>
      link.replaceAll("&#38;", "&"),
    );
    expect(links.length).toBeGreaterThan(5);
    const gatewayOf = (link: string) => new URL(link, bench.url).searchParams.get("gateway");
    expect(links.filter((link) => gatewayOf(link) !== "green")).toEqual(["/debug"]);
    for (const link of new Set(links)) expect([link, (await bench.get(link)).status]).toEqual([link, 200]);
  });

  test("explain asks the model of the one", async () => {
    const explain = async (name: string) =>
      (await bench.get(`/debug/explain?gateway=${name}&method=GET&url=http://shop.test/`)).text;
    expect(await explain("green")).toContain("shop/cart/80");
    expect(await explain("blue")).not.toContain("shop/cart/80");
  });

  test("pages about the process need no name", async () => {
    for (const page of ["/healthz", "/readyz", "/readyz?verbose", "/metrics"])
      expect((await bench.get(page)).status).toBe(200);
  });
});
