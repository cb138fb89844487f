import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalPath } from "./canonical-path.ts";

// Each was asked of Envoy 1.40.
test.each([
  ["/a/../b", "/b"],
  ["/a/./b", "/a/b"],
  ["/../b", "/b"],
  ["/a/b/../../../c", "/c"],
  ["/a/..", "/"],
  ["/a/.", "/a/"],
  ["/a/...", "/a/..."],
  ["/..a/b../.c", "/..a/b../.c"],
  ["/a/%2e/b", "/a/b"],
  ["/a/%2E%2e/b", "/b"],
  ["/a/.%2e/b", "/b"],
  ["/a//b", "/a/b"],
  ["/a//../b", "/a/b"],
  ["///a///", "/a/"],
  ["/a/b/..//c", "/a/c"],
  ["//", "//"],
  ["///", "//"],
  ["/a/..//", "//"],
  ["/a\\b", "/a/b"],
  ["/a\\..\\b", "/b"],
  ["/a%2f..%2fb", "/a%2f..%2fb"],
  ["/a%2f/../b", "/b"],
  ["/a%5c..", "/a%5c.."],
  ["/%41%7e%2d%5f", "/A~-_"],
  ["/%c3%a9", "/%c3%a9"],
  ["/a%20b%3F", "/a%20b%3F"],
  ['/"<>^`{|}', "/%22%3C%3E%5E%60%7B%7C%7D"],
  ["/!$&'()*+,:;=@[]", "/!$&'()*+,:;=@[]"],
  ["/a%", "/a%"],
  ["/a%zz", "/a%zz"],
  ["/a%252e", "/a%252e"],
  ["/%%32e", "/%252e"],
  ["/%%32%65", "/%252e"],
  ["/%2%45x", "/%252Ex"],
  ["/%%%32e", "/%%252e"],
  ["/%%30", "/%0"],
  ["/%%41", "/%A"],
  ["/a/..;/b", "/b"],
  ["/a/..;x=1/b", "/b"],
  ["/a/.;x", "/a/"],
  ["/a/...;/b", "/a/...;/b"],
  ["/a;/../b", "/b"],
  ["/a/..%3b/b", "/a/..%3b/b"],
  ["/a/%2e%2e;x/b", "/a/..;x/b"],
])("%s becomes %s", (path, expected) => {
  expect(canonicalPath(path)).toBe(expected);
});

test("an escaped NUL is refused", () => {
  expect(canonicalPath("/a%00b")).toBeUndefined();
});

const piece = fc.constantFrom(
  "/",
  ".",
  "..",
  "%2e",
  "%",
  "%2",
  "%32",
  "%65",
  "e",
  "a",
  "\\",
  "%2f",
  "%5c",
  "{",
  "%41",
);

test("a second pass changes nothing, but for parameters of dot segments", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const once = canonicalPath(`/${pieces.join("")}`) ?? "";
      expect(canonicalPath(once)).toBe(once);
    }),
  );
});

test("no dot segment and no double slash within the path is left", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const segments = (canonicalPath(`/${pieces.join("")}`) ?? "").split("/");
      expect(segments).not.toContain(".");
      expect(segments).not.toContain("..");
      expect(segments.slice(1, -2)).not.toContain("");
    }),
  );
});
