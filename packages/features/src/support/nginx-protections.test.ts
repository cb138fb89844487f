import fc from "fast-check";
import { expect, test } from "vitest";
import { protectionsIn } from "./nginx-protections.ts";

test.each<[snippet: string, found: readonly string[]]>([
  ["deny all;", ["deny"]],
  ["allow 10.0.0.0/8;\ndeny all;", ["allow", "deny"]],
  ["deny 10.0.0.1; deny 10.0.0.2;", ["deny"]],
  ["auth_request /auth;", ["auth_request"]],
  ['auth_basic "who";\nauth_basic_user_file /etc/x;', ["auth_basic", "auth_basic_user_file"]],
  ["limit_req zone=a burst=5;", ["limit_req"]],
  ["limit_rate 1k", ["limit_rate"]],
  ["if ($http_x = 'a;b') { return 403; }", ["return 403"]],
  ['location /x {return 444;} return 403 "no";', ["return 444", "return 403"]],
  ["'deny' all;", ["deny"]],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of NGINX
  ["set $a ${b}c; deny all;", ["deny"]],
  ["more_set_headers 'a: #'; deny all;", ["deny"]],
  ["set $a don't; deny all;", ["deny"]],
  ['set $a "open; deny all;', ["deny"]],
  ["", []],
  ["# deny all;", []],
  ["return 404;", []],
  ["return 200 deny;", []],
  ["more_set_headers 'x: ; deny all;';", []],
  ["add_header x-a deny;", []],
  ["denyall;", []],
])("%j holds %j", (snippet, found) => {
  expect(protectionsIn(snippet)).toEqual(found);
});

test("takes any text, and a long one in linear time", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...`deny;{}"'\\#\n $`) }), (text) => {
      expect(protectionsIn(text)).toBeInstanceOf(Array);
    }),
  );
  for (const start of ["", '"', "' "])
    for (const piece of ['"', "'", "\\a", "a", "${", '"\\', "return 4"])
      expect(protectionsIn(start + piece.repeat(400_000))).toEqual([]);
});
