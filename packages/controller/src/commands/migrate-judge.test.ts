import { readFileSync } from "node:fs";
import { join } from "node:path";
import { features } from "@sluice/features";
import { protectionsIn } from "@sluice/features/nginx-protections";
import { asServed, FIX_PREFIX, fixManifest, type IngressReport, type MigrationReport } from "@sluice/migrate";
import type { KubeObject } from "@sluice/model";
import { loadFiles, STDIN } from "@sluice/source-file";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadSettings } from "../config/load-settings.ts";
import { translateOnce } from "../gateway/translate-once.ts";
import { judgeMigration } from "./migrate-judge.ts";

const SETTINGS = loadSettings({ flags: {}, env: {} });
const CORPUS = readFileSync(join(import.meta.dirname, "../../migration/ingress-nginx.yaml"), "utf8");

const objectsOf = (text: string): readonly KubeObject[] => loadFiles([STDIN], { stdin: text }).objects;
const judge = (text: string): Promise<MigrationReport> => judgeMigration(objectsOf(text), SETTINGS);
const corpus = await judge(CORPUS);

/** What the comments above each Ingress of the corpus say. */
function expectations(): readonly (readonly [name: string, wanted: Readonly<Record<string, string>>])[] {
  return CORPUS.split(/^---$/m).flatMap((text) => {
    const comments = [...text.matchAll(/^# ([a-z-]+): ([a-z-]+)$/gm)].map(([, key = "", value = ""]) => [
      key,
      value,
    ]);
    const name = /^ {2}name: (.+)$/m.exec(text)?.[1];
    return name === undefined || comments.length === 0 ? [] : [[name, Object.fromEntries(comments)] as const];
  });
}

function reportOf(report: MigrationReport, name: string): IngressReport {
  const found = report.ingresses.find(({ ingress }) => ingress.name === name);
  if (found === undefined) throw new Error(`There is no report on ${name}.`);
  return found;
}

describe("the corpus", () => {
  test.each(expectations())("%s", (name, { verdict, ...wanted }) => {
    const report = reportOf(corpus, name);
    const keys = Object.fromEntries(
      report.keys.filter(({ outcome }) => outcome !== "same").map(({ key, outcome }) => [key, outcome]),
    );
    if (verdict === "auth") {
      // Those keys that nobody declares are refused, and the protection is named; the rule takes itself back.
      const undone = report.keys.filter(
        ({ key }) => !features.some((feature) => Object.hasOwn(feature.keys, key)),
      );
      for (const key of undone) expect([key.key, key.outcome]).toEqual([key.key, "refused"]);
      if (undone.length > 0) expect(undone.some(({ lost }) => lost.length > 0)).toBe(true);
    } else {
      expect(keys).toEqual(wanted);
      expect(report.verdict).toBe(verdict);
    }
  });

  test("a snippet that denies is a lost protection, one that sets a variable is none", () => {
    const lost = (name: string) => reportOf(corpus, name).keys.flatMap((key) => key.lost);
    expect(lost("deny-snippet")).toEqual(["deny"]);
    expect(lost("server-snippet")).toEqual([]);
    expect(lost("headers-snippet")).toEqual([]);
  });
});

describe("--fix", () => {
  const additions = corpus.ingresses
    .filter(({ fixes }) => Object.keys(fixes).length > 0)
    .map(({ ingress: { namespace, name }, fixes }) => ({
      namespace,
      name,
      annotations: Object.fromEntries(Object.entries(fixes).map(([key, value]) => [FIX_PREFIX + key, value])),
    }));
  const { text: fixed, left } = fixManifest(CORPUS, additions);

  test("leaves fewer differences, and nothing to add", async () => {
    const after = await judge(fixed);
    expect(left).toEqual([]);
    expect(additions.length).toBeGreaterThan(5);
    expect(after.counts.fixable).toBe(0);
    expect(after.counts.keys.differs + after.counts.keys.refused).toBe(
      corpus.counts.keys.differs + corpus.counts.keys.refused - FIXED.length,
    );
    for (const name of FIXED) expect([name, reportOf(after, name).verdict]).toEqual([name, "ready"]);
  });

  test("changes no resource of an Ingress that it does not change, and no route's path but where patterns were meant", async () => {
    const [before, after] = await Promise.all([CORPUS, fixed].map(routesOf));
    const changed = new Set(additions.map(({ name }) => name));
    for (const [name, routes] of before ?? [])
      if (!changed.has(name)) expect([name, after?.get(name)]).toEqual([name, routes]);
    expect(after?.get("rewrite-plain")).not.toEqual(before?.get("rewrite-plain"));
  });
});

/** Ingresses of the corpus whose every difference has a fix. */
const FIXED = [
  "cors-star",
  "hash",
  "headers-snippet",
  "redirect-without-tls",
  "rewrite-plain",
  "sticky-path",
];

/** The routes of each Ingress of the corpus; its host has its name. */
async function routesOf(text: string): Promise<ReadonlyMap<string, unknown>> {
  const { gateways } = await translateOnce(
    { objects: asServed(objectsOf(text), "mse", () => true) },
    SETTINGS,
  );
  const hosts = gateways[0]?.resources.filter(({ name }) => name.includes(".example.com")) ?? [];
  return new Map(hosts.map(({ name, version }) => [name.split("/").at(-1)?.split(".")[0] ?? "", version]));
}

test.each([
  ["configuration-snippet", "modsecurity on;", ["perhaps modsecurity"]],
  ["server-snippet", "if ($http_x_key != a) { return 401; }", ["perhaps return 401"]],
  ["server-snippet", "ssl_verify_client on;", ["perhaps ssl_verify_client"]],
  ["configuration-snippet", "access_by_lua_block { ngx.exit(403) }", ["perhaps access_by_lua_block"]],
  ["configuration-snippet", "deny all;", ["deny"]],
  ["configuration-snippet", "# return 401;\nset $a 'return 401';", []],
])("a %s that holds %j loses %j", async (key, snippet, wanted) => {
  const report = await judgeMigration(
    [ingressOf("i", { [`nginx.ingress.kubernetes.io/${key}`]: snippet }, "/")],
    SETTINGS,
  );
  expect(reportOf(report, "i").keys.map(({ outcome, lost }) => [outcome, lost])).toEqual([
    ["refused", wanted],
  ]);
});

test("retries of answers of 5xx stay a difference when the number is mended", async () => {
  const annotations = {
    "nginx.ingress.kubernetes.io/proxy-next-upstream-tries": "3",
    "mse.ingress.kubernetes.io/proxy-next-upstream-tries": "2",
  };
  const report = await judgeMigration([ingressOf("i", annotations, "/")], SETTINGS);
  expect(reportOf(report, "i").keys).toMatchObject([
    { outcome: "differs", texts: [expect.stringContaining("500 to 599")] },
    { outcome: "same" },
  ]);
  expect(reportOf(report, "i").fixes).toEqual({});
});

test("whatever annotations say, each is told once, and nothing throws", async () => {
  const keys = features.flatMap((feature) => Object.keys(feature.keys).map((key) => key.replace("*", "x")));
  const prefixes = [
    "nginx.ingress.kubernetes.io/",
    "higress.io/",
    "higress.ingress.kubernetes.io/",
    FIX_PREFIX,
    "disabled.higress.io/",
  ];
  const name = fc
    .tuple(
      fc.constantFrom(...prefixes),
      fc.constantFrom(...keys, "auth-url", "toString", "constructor", "zzz"),
    )
    .map(([prefix, key]) => prefix + key);
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom(
      "true",
      "false",
      "0",
      "1",
      "3",
      "*",
      "on",
      "cookie",
      "/$1",
      "$host",
      "<script>",
      "1m",
      "\ud800",
      "__proto__",
      "x".repeat(5000),
    ),
  );
  const annotations = fc.dictionary(name, value, { minKeys: 1, maxKeys: 12 });
  await fc.assert(
    fc.asyncProperty(
      annotations,
      annotations,
      fc.constantFrom("/", "/a/", "/a(b", ""),
      async (one, two, path) => {
        const objects = [one, two].map((each, at) => ingressOf(`i${at}`, each, path));
        const report = await judgeMigration(objects, SETTINGS);
        for (const [at, each] of [one, two].entries()) {
          const { keys: told } = reportOf(report, `i${at}`);
          expect(told.map(({ annotation }) => annotation)).toEqual(Object.keys(each));
        }
      },
    ),
    { numRuns: 100 },
  );
});

function ingressOf(name: string, annotations: Readonly<Record<string, string>>, path: string): KubeObject {
  return {
    kind: "Ingress",
    metadata: { namespace: "default", name, labels: {}, annotations },
    spec: {
      rules: [
        {
          host: "a.example.com",
          paths: [{ path, pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
        },
      ],
      tls: [],
    },
  };
}

test("protections are looked for in snippets of the controller too", async () => {
  const config = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ingress-nginx-controller, namespace: ingress-nginx }\ndata: { http-snippet: "deny all;" }\n`;
  const report = await judge(`${config}---\n${CORPUS}`);
  expect(report.controller?.settings).toMatchObject([
    { key: "http-snippet", outcome: "refused", lost: "deny" },
  ]);
  expect(protectionsIn("deny all;")).toEqual(["deny"]);
});
