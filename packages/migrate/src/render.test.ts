import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeHtml } from "./html-text.ts";
import { migrationHtml } from "./render-html.ts";
import { migrationJson } from "./render-json.ts";
import { renderText, type TextStyle } from "./render-text.ts";
import { compare, controllerConfig, ingress } from "./testing/compare.ts";

const same = (text: string): string => text;
const PLAIN: TextStyle = { bold: same, dim: same, good: same, warn: same, bad: same };

/** Tags of a page, and the texts between them. Fails on what is neither. */
function parts(page: string): { readonly tags: readonly string[]; readonly texts: readonly string[] } {
  const tags: string[] = [];
  const texts: string[] = [];
  for (const [all, tag, text] of page.matchAll(/(<[^<>]*>)|([^<>]+)|[<>]/g)) {
    if (tag !== undefined) tags.push(tag);
    else if (text !== undefined) texts.push(text);
    else throw new Error(`A loose ${all} in the page.`);
  }
  return { tags, texts };
}

const VOID = new Set(["meta", "!doctype"]);

/** Throws unless every element that is opened is closed, in order. */
function expectBalanced(tags: readonly string[]): void {
  const open: string[] = [];
  for (const tag of tags) {
    const [, slash = "", name = ""] = /^<(\/?)([!a-z0-9]+)/.exec(tag) ?? [];
    if (VOID.has(name)) continue;
    if (slash === "") open.push(name);
    else expect(open.pop()).toBe(name);
  }
  expect(open).toEqual([]);
}

const odd = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "<script>alert(1)</script>",
    '"><img src=x onerror=x>',
    "&lt;",
    "'",
    "</style>",
    "\u202e",
    "\ud800",
  ),
);

describe("the page", () => {
  const known = parts(migrationHtml(compare([]))).tags.map((tag) => /^<\/?([!a-z0-9]+)/.exec(tag)?.[1]);
  const allowed = new Set([
    ...known,
    "ul",
    "li",
    "details",
    "summary",
    "code",
    "div",
    "strong",
    "dl",
    "dt",
    "dd",
    "b",
    "p",
    "a",
    "span",
    "section",
    "nav",
  ]);

  test("holds texts of users as text, whatever they are", () => {
    fc.assert(
      fc.property(odd, odd, odd, odd, (key, value, host, path) => {
        const objects = [
          ingress(
            { [`nginx.ingress.kubernetes.io/${key}`]: value, "server-snippet": `deny ${value};` },
            { host, paths: [`Prefix ${path}`] },
          ),
          ingress({}, { name: "other", className: `x${value}` }),
          controllerConfig({ [key]: value, "http-snippet": value }),
        ];
        const { tags } = parts(migrationHtml(compare(objects)));
        expectBalanced(tags);
        for (const tag of tags) {
          expect(allowed).toContain(/^<\/?([!a-z0-9]+)/.exec(tag)?.[1]);
          expect(tag).not.toMatch(/\son[a-z]+=|javascript:/i);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("needs nothing else", () => {
    const page = migrationHtml(
      compare([ingress({ "proxy-body-size": "8m" }), controllerConfig({ hsts: "true" })]),
    );
    expect(page).not.toMatch(/<script|<img|<link|url\(|@import|https?:\/\//);
    expect(page).toContain("prefers-color-scheme: dark");
  });

  test("says what is lost", () => {
    const page = migrationHtml(compare([ingress({ "enable-modsecurity": "true" })]));
    if (page.includes("Lost:")) expect(page).toContain("the WAF (ModSecurity)");
    else expect(page).toContain("enable-modsecurity");
  });
});

test("escaping leaves nothing that a page would read", () => {
  expect(escapeHtml(`<a href="x" title='y'>&\u0000\u202e`)).toBe(
    "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;\ufffd\ufffd",
  );
});

test("what is not judged is told in every form, and nothing is called ready", () => {
  const notJudged = [{ location: { file: "a<b>.yaml", line: 3, column: 1 }, text: "It is not valid YAML." }];
  const report = compare([ingress({})], { notJudged });
  expect(report.verdict).toBe("look");
  expect(renderText(report, { style: PLAIN, printable: same })).toContain(
    "Not judged: a<b>.yaml:3: It is not valid YAML.",
  );
  const page = migrationHtml(report);
  expect(page).toContain("a&lt;b&gt;.yaml:3: It is not valid YAML.");
  expect(page).toContain("Not everything that was given could be judged");
  expect(migrationJson(report)).toMatchObject({ notJudged });
});

describe("the text", () => {
  const report = compare([
    ingress({ "proxy-next-upstream-tries": "3", "proxy-connect-timeout": "9" }),
    controllerConfig({ "proxy-connect-timeout": "5", hsts: "true" }),
  ]);

  test("leaves out what is the same, unless asked", () => {
    const short = renderText(report, { style: PLAIN, printable: same });
    expect(short).toContain("differs   nginx.ingress.kubernetes.io/proxy-next-upstream-tries: 3");
    expect(short).not.toContain("proxy-connect-timeout: 9");
    expect(short).toContain(
      "1 Ingress: 0 ready, 1 to look at, 0 blocked. 2 annotations: 1 same, 1 differs, 0 without effect, 0 refused. 2 settings of the controller.",
    );
    const all = renderText(report, { style: PLAIN, printable: same, all: true });
    expect(all).toContain("same      nginx.ingress.kubernetes.io/proxy-connect-timeout: 9");
    expect(all).toContain("same      proxy-connect-timeout: 5");
  });
});

test("what the controller protects all Ingresses by is said to be lost for those that are ready as well", () => {
  const remarks = (data: Readonly<Record<string, string>>) =>
    compare([ingress({}), controllerConfig(data)]).remarks.filter((remark) =>
      remark.includes("ready as well"),
    );
  expect(remarks({ "whitelist-source-range": "10.0.0.0/8" })).toHaveLength(1);
  expect(remarks({ "keep-alive": "75" })).toEqual([]);
});

test("JSON has names in place of references", () => {
  expect(migrationJson(compare([ingress({}), controllerConfig({})]))).toMatchObject({
    version: 1,
    verdict: "ready",
    ingresses: [{ ingress: "shop/web", keys: [] }],
    controller: { configMap: "ingress-nginx/ingress-nginx-controller" },
  });
});
