import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { debugBench, shop } from "../debug/testing/debug-bench.ts";

/** Prometheus' text format as far as we need it: values by name and labels, types by name. */
async function scrape(bench: { get(path: string): Promise<{ text: string }> }) {
  const { text } = await bench.get("/metrics");
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) types.set(name, type);
    const [, sample, value] = /^(\w+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (sample !== undefined) values.set(sample, Number(value));
  }
  return { text, types, value: (sample: string) => values.get(sample) };
}

describe("the metrics of a gateway", () => {
  test("tell its story", async () => {
    await using bench = await debugBench();
    const early = await scrape(bench);
    expect(early.value("sluice_synced")).toBe(0);
    expect(early.value("sluice_last_apply_timestamp_seconds")).toBe(0);
    const start = Date.now() / 1000;
    bench.apply(shop("shop.example", { "mse.ingress.kubernetes.io/timeout": "x" }));
    bench.sync();
    await bench.connect("a", { refuse: "http/shop.example" });
    bench.apply(shop("news.example", {}, "news"));
    await bench.target.ads.whenIdle();
    const { value } = await scrape(bench);
    const expected: Record<string, number> = {
      sluice_synced: 1,
      'sluice_store_objects{kind="Ingress"}': 2,
      'sluice_store_objects{kind="Pod"}': 0,
      sluice_store_changes_total: 2,
      sluice_apply_duration_seconds_count: 2,
      'sluice_derivation_runs_total{derivation="virtual-host"}': 2,
      'sluice_resources{gateway="sluice",type="virtual-hosts",rendering="full"}': 4,
      'sluice_quarantined_resources{gateway="sluice",type="virtual-hosts"}': 1,
      'sluice_isolated_objects{gateway="sluice"}': 0,
      'sluice_diagnostics{code="annotation-value",severity="warning"}': 1,
      'sluice_ads_nodes{gateway="sluice",variant="delta",version=""}': 1,
      sluice_ads_connections_total: 1,
      'sluice_ads_resources_refused_total{type="virtual-hosts"}': 1,
      'sluice_ads_resources_accepted_total{type="virtual-hosts"}': 3,
      // Only what was rendered while the node was connected: the hosts of the second Ingress.
      'sluice_ads_acceptance_duration_seconds_count{type="virtual-hosts"}': 2,
      'sluice_ads_in_flight_resources{type="clusters"}': 0,
      'sluice_ads_waiting_resources{type="virtual-hosts"}': 0,
    };
    expect(Object.fromEntries(Object.keys(expected).map((sample) => [sample, value(sample)]))).toEqual(
      expected,
    );
    expect(value("sluice_last_apply_timestamp_seconds")).toBeGreaterThanOrEqual(start);
    expect(value('sluice_ads_sent_bytes_total{type="clusters"}')).toBeGreaterThan(100);
  });

  test("count on when a node has gone, and drop it from those connected", async () => {
    await using bench = await debugBench();
    bench.apply(shop("shop.example"));
    bench.sync();
    const envoy = await bench.connect("a");
    const sent = 'sluice_ads_responses_sent_total{type="clusters"}';
    const before = await scrape(bench);
    expect(before.value(sent)).toBe(1);
    envoy.close();
    await bench.target.ads.when((nodes) => nodes().length === 0);
    const after = await scrape(bench);
    expect(after.value(sent)).toBe(1);
    expect(after.value('sluice_ads_nodes{gateway="sluice",variant="delta",version=""}')).toBeUndefined();
    await bench.connect("a");
    expect((await scrape(bench)).value(sent)).toBe(2);
  });

  test("are each gateway's own", async () => {
    await using one = await debugBench();
    await using other = await debugBench();
    one.apply(shop("shop.example"));
    expect((await scrape(one)).value("sluice_store_changes_total")).toBe(1);
    expect((await scrape(other)).value("sluice_store_changes_total")).toBe(0);
  });

  test("count what failed", async () => {
    await using bench = await debugBench();
    bench.target.metrics.failed("derivation");
    expect((await scrape(bench)).value('sluice_internal_errors_total{part="derivation"}')).toBe(1);
  });
});

describe("docs/metrics.md", () => {
  const page = readFileSync(new URL("../../../../docs/metrics.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (\w+) +\| ([^|]*?) +\| (.+?) +\|$/gm)].map(
    ([, name = "", type = "", labels = "", help = ""]) => ({ name, type, labels, help }),
  );

  test("has the metrics that there are, with type, labels and meaning, and no others", async () => {
    await using bench = await debugBench();
    const documented = rows.map(({ name, type, help }) => ({ name, type, help }));
    const { text, types } = await scrape(bench);
    const own = [...types].filter(([name]) => name.startsWith("sluice_"));
    const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name, help]) => [name, help]));
    expect(documented).toEqual(
      own.map(([name, type]) => ({ name, type, help: helps.get(name) })).sort(byName),
    );
    expect([...types.keys()].filter((name) => !/^(?:sluice|process|nodejs)_/.test(name))).toEqual([]);
  });

  test("names the labels that samples bear", async () => {
    await using bench = await debugBench();
    bench.apply(shop("shop.example", { "mse.ingress.kubernetes.io/timeout": "x" }));
    bench.sync();
    await bench.connect("a", { refuse: "http/shop.example" });
    bench.apply(shop("news.example", {}, "news"));
    await bench.target.ads.whenIdle();
    bench.target.metrics.failed("derivation");
    bench.target.metrics.ads.handshakeRefused({ from: "10.0.0.1", reason: "CERT_HAS_EXPIRED" });
    const { text } = await scrape(bench);
    for (const { name, labels } of rows) {
      const [, inner = ""] =
        new RegExp(`^${name}(?:_count)?(?:\\{([^}]*)\\})? `, "m").exec(text) ?? expect.fail(name);
      const found = [...inner.matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``);
      expect([name, labels]).toEqual([name, found.join(", ")]);
    }
  });

  test("keeps to Prometheus' conventions for names", () => {
    for (const { name, type } of rows) {
      expect(name).toMatch(/^sluice_[a-z]+(?:_[a-z]+)*$/);
      expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
      if (type === "histogram") expect(name).toMatch(/_(?:seconds|bytes)$/);
    }
  });
});

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
