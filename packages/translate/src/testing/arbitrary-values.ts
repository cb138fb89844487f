import { ANNOTATION_PREFIXES, type Feature, type Key } from "@sluice/feature-api";
import type { Ingress } from "@sluice/model";
import fc from "fast-check";
import { hugeValues } from "./huge-values.ts";
import { ingress } from "./objects.ts";

/**
 * Annotations as nobody would write them, of every key that features declare: near enough to good values to get past
 * the first check, or far from anything.
 */

/** The Service, in the namespace `default`, of Ingresses by {@link arbitraryOddIngresses}. */
export const ODD_SERVICE = "odd";

const ODD = [
  "",
  "\u0000",
  "a\rb",
  "a\r\nb 1\r\n\r\n",
  "a\nb c\n\td: e",
  "%",
  "%REQ(:path)%",
  "%%%s%n",
  "$",
  "${",
  "$host$request_uri",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as NGINX writes variables
  "${host}",
  "\\",
  "\\1\\9",
  "\\Q",
  "'\"`",
  "]]>--[[",
  "__proto__",
  "constructor",
  "toString",
  "\ud800",
  "\udc00x",
  "\ufeff1",
  "\u0661\u0662\u0663",
  "１００",
  "é\u0301",
  "\u{1f600}",
  "\u202etset.a",
  "-0",
  "-1",
  "+1",
  "0x10",
  "1e309",
  "1.5",
  "NaN",
  "Infinity",
  "9007199254740993",
  "4294967296",
  "2147483648",
  "999999999999999",
  "99999999999999999999",
  "(a+)+$",
  "(((((a{9}){9}){9}){9}){9}){9}",
  "(?=a)",
  "(a)\\1",
  "(?i)(?P<n>x)",
  "[[:alpha:]",
  "\\pL{500}",
  ".*.*.*.*.*=.*",
  "/",
  "//",
  "/../..",
  "/%2e%2E/%00",
  "/(.*)",
  "$1$9/$2",
  "http://",
  "https://a.test:0/",
  "https://user:pw@a.test/?a=b#c",
  "javascript:alert(1)",
  "http://[::1]:99999",
  "[::ffff:10.0.0.1%eth0]:80",
  "0.0.0.0/0",
  "::/129",
  "10.0.0.1/33",
  "default/odd:80",
  "a/b/c/d",
  "*.*.test",
  "*",
  "~^(.*)$",
  "off",
  "on",
  "true",
  "TRUE",
  "{}",
  '{"__proto__":{"x":1}}',
  "[".repeat(5000),
  '{"a":'.repeat(2000),
  "a b off",
  "transfer-encoding chunked",
  ":path /x",
  'x-a "',
] as const;

/** Where the good values of a key are not known by its example alone. */
const PARTS = [
  " ",
  ",",
  "\n",
  "\r\n",
  "/",
  "%",
  "$",
  "\\",
  "(",
  ")",
  "*",
  '"',
  "'",
  ":",
  ";",
  "=",
  "-",
  "0",
  "\u0000",
];

/** A value of a key: changed forms of its example, lists of them, odd texts, and long ones. */
export function arbitraryValue(key: Pick<Key<never>, "example">): fc.Arbitrary<string> {
  const { example } = key;
  const odd = fc.constantFrom(...ODD);
  const part = fc.oneof(odd, fc.constantFrom(...PARTS), fc.string({ unit: "binary", maxLength: 3 }));
  const changed = fc
    .tuple(fc.nat(example.length), fc.nat(3), part)
    .map(([at, cut, text]) => `${example.slice(0, at)}${text}${example.slice(at + cut)}`);
  const number = fc.oneof(fc.nat(100), fc.maxSafeNat(), fc.double()).map(String);
  const numbered = number.map((text) => example.replace(/[0-9]+/, text));
  const item = fc.oneof(fc.constant(example), changed, odd);
  const list = fc
    .tuple(fc.array(item, { minLength: 2, maxLength: 5 }), fc.constantFrom(",", " ", "\n", "\r\n", ";", ":"))
    .map(([items, by]) => items.join(by));
  const shapes = Object.values(hugeValues(key, 2000));
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(example) },
    { weight: 8, arbitrary: changed },
    { weight: 3, arbitrary: numbered },
    { weight: 3, arbitrary: list },
    { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom(...example, ...PARTS), maxLength: 40 }) },
    { weight: 3, arbitrary: odd },
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
    { weight: 2, arbitrary: fc.constantFrom(...shapes) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("x", "(", ",", "a,", "\n", "1").map((text) => text.repeat(20_000)),
    },
  );
}

/** Annotations of some families, all of whose keys are then likely: many values count only beside others. */
export function arbitraryOddAnnotations(features: readonly Feature[]): fc.Arbitrary<Record<string, string>> {
  const names = fc.constantFrom("x-a", "X_b", "__proto__", "%", "a b", "\ud800", "method");
  const pair = (name: string, key: Key<never>): fc.Arbitrary<readonly [string, string]> =>
    fc
      .tuple(
        fc.constantFrom(...ANNOTATION_PREFIXES),
        fc.constantFrom(name, ...(key.aliases ?? [])),
        names,
        arbitraryValue(key),
      )
      .map(([prefix, called, star, text]) => [`${prefix}${called.replace("*", star)}`, text]);
  const families = features.map((feature) => {
    const pairs = Object.entries(feature.keys).map(([name, key]) => pair(name, key));
    return fc.array(fc.oneof(...pairs), {
      minLength: 1,
      maxLength: Math.min(2 * pairs.length, 12),
      size: "max",
    });
  });
  return fc
    .array(fc.oneof(...families), { minLength: 1, maxLength: 4 })
    .map((lists) => Object.fromEntries(lists.flat()));
}

/**
 * Ingresses, some of which share a host, all with the Service {@link ODD_SERVICE}. Hosts and names start with `name`; hosts
 * end in `.odd.test`.
 */
export function arbitraryOddIngresses(features: readonly Feature[], name: string): fc.Arbitrary<Ingress[]> {
  const path = fc.record({
    path: fc.constantFrom("/", "/x", "/(a|b)/(.*)", "/%e4", "/x(/|$)(.*)"),
    pathType: fc.constantFrom("Exact", "Prefix", "ImplementationSpecific"),
    service: fc.constant(ODD_SERVICE),
  });
  const fields = fc.record({
    annotations: arbitraryOddAnnotations(features),
    host: fc.constantFrom(`${name}.odd.test`, `*.${name}.odd.test`, `www.${name}.odd.test`),
    paths: fc.array(path, { minLength: 1, maxLength: 2 }),
    age: fc.nat(3),
  });
  return fc
    .array(fields, { minLength: 1, maxLength: 3 })
    .map((all) =>
      all.map(({ annotations, host, paths, age }, index) =>
        ingress(`${name}-${index}`, { annotations, rules: [[host, paths]], age }),
      ),
    );
}
