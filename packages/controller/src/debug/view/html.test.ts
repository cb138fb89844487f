import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type Block,
  badge,
  code,
  type Document,
  dim,
  fields,
  heading,
  json,
  lines,
  link,
  paragraph,
  table,
  tableOr,
} from "./document.ts";
import { CONTENT_SECURITY_POLICY, escapeHtml, renderHtml } from "./html.ts";

const HOSTILE = `"'><script>alert(1)</script>&amp;<img src=x onerror=alert(1)>`;
const layout = {
  navigation: [{ to: "/debug", text: "Overview" }],
  path: "/debug",
  jsonPath: "/debug?format=json",
};

function render(...blocks: readonly Block[]): string {
  return renderHtml({ title: "Test", blocks }, layout);
}

describe("hostile text stays text", () => {
  test.each<[where: string, Block | Document]>([
    ["in a title", { title: HOSTILE, blocks: [] }],
    ["in a heading", heading(HOSTILE)],
    ["in a paragraph", paragraph(HOSTILE)],
    ["in the head of a table", table([HOSTILE], [])],
    ["in a cell", table(["x"], [[HOSTILE]])],
    ["in the label of a field", fields([[HOSTILE, "x"]])],
    ["in a field", fields([["x", HOSTILE]])],
    ["in a link", paragraph(link("/x", HOSTILE))],
    ["in the address of a link", paragraph(link(`/x?${HOSTILE}`, "x"))],
    ["in code", paragraph(code(HOSTILE))],
    ["in a badge", paragraph(badge(HOSTILE, "bad"))],
    ["in dim text", paragraph(dim(HOSTILE))],
    ["in lines", paragraph(lines([HOSTILE, [HOSTILE]]))],
    ["in JSON, as a key and as a value", json({ [HOSTILE]: HOSTILE })],
    ["in place of a table", tableOr(HOSTILE, ["x"], [])],
    [
      "in a form",
      {
        kind: "form",
        action: `/x${HOSTILE}`,
        submit: HOSTILE,
        fields: [
          { name: HOSTILE, label: HOSTILE, value: HOSTILE, placeholder: HOSTILE },
          { name: HOSTILE, label: HOSTILE, value: HOSTILE, input: "lines" },
          { name: HOSTILE, label: HOSTILE, value: HOSTILE, input: [HOSTILE] },
        ],
      },
    ],
  ])("%s", (_where, what) => {
    const html = "kind" in what ? render(what) : renderHtml(what, layout);
    expect(html).toContain("alert(1)");
    expect(html).not.toMatch(/<script|<img/i);
    // Every tag is one of ours and in order: nothing has ended an attribute early.
    for (const [tag] of html.replace(/<style>.*<\/style>/s, "").matchAll(/<[^>]*>/g))
      expect(tag).toMatch(/^<(?:!doctype html|\/?[a-z0-9]+(?: [a-z-]+(?:="[^"<>']*")?)*)>$/);
  });

  test("all five characters that mean something", () => {
    expect(escapeHtml(`&<>"'`)).toBe("&#38;&#60;&#62;&#34;&#39;");
  });
});

test("the policy lets in the style sheet of the page and nothing else", () => {
  const style = /<style>(.*)<\/style>/s.exec(render())?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  expect(CONTENT_SECURITY_POLICY).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  );
  // An inline style attribute would be blocked.
  expect(render(fields([["a", lines([badge("x", "good")])]]))).not.toContain("style=");
});

test("marks the page that one is on, and the one above it", () => {
  const navigation = ["/debug", "/debug/resources"].map((to) => ({ to, text: to }));
  const current = (path: string) =>
    [
      ...renderHtml({ title: "", blocks: [] }, { ...layout, navigation, path }).matchAll(
        /href="([^"]*)" aria-current/g,
      ),
    ].map(([, to]) => to);
  expect(current("/debug")).toEqual(["/debug"]);
  expect(current("/debug/resources/clusters")).toEqual(["/debug/resources"]);
  expect(current("/debug/nodes")).toEqual([]);
});

test("fields without a value are left out, and numbers are grouped", () => {
  const html = render(
    fields([
      ["a", undefined],
      ["b", 12_345],
    ]),
  );
  expect(html).not.toContain("<dt>a</dt>");
  expect(html).toContain("<dt>b</dt><dd>12,345</dd>");
});
