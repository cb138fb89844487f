import type { Key } from "@sluice/feature-api";

/** Texts by name; each has at least `length` characters, but for less than one repeated part. */
export type Shapes = Readonly<Record<string, string>>;

/**
 * Shapes of one size that cost parsers of lists, lines, patterns and nested texts most: one long word, repeated parts, unequal
 * parts, and the key's example again and again.
 */
export function hugeValues({ example }: Pick<Key<never>, "example">, length: number): Shapes {
  const repeat = (part: string): string => part.repeat(Math.ceil(length / part.length));
  const count = (part: (index: number) => string): string => {
    const parts: string[] = [];
    for (let size = 0, index = 0; size < length; index++) {
      const next = part(index);
      parts.push(next);
      size += next.length;
    }
    return parts.join("");
  };
  return {
    word: repeat("x"),
    digits: repeat("9"),
    blanks: `a${repeat(" ")}b`,
    "line breaks": `a${repeat("\n")}b`,
    commas: `a${repeat(",")}b`,
    dots: `a${repeat(".a")}`,
    hyphens: `a${repeat("-")}`,
    slashes: repeat("/a"),
    quotes: `a "${repeat('"')}`,
    backslashes: repeat("\\"),
    variables: repeat("$1"),
    percents: repeat("%41"),
    groups: `/${repeat("(a|")}`,
    "nested groups": `/${"(".repeat(length / 2)}a${")".repeat(length / 2)}`,
    repetitions: `/${repeat("a{9}")}`,
    classes: `/${repeat("\\pL")}`,
    escapes: `/${repeat("\\x{fff}")}`,
    JSON: `{"a":${repeat("[")}`,
    unicode: repeat("é"),
    emoji: repeat("\u{1f600}"),
    halves: repeat("\ud800"),
    words: count((index) => `w${index} `),
    names: count((index) => `n${index},`),
    methods: count((index) => `M${index} `),
    hosts: count((index) => `h${index}.test,`),
    origins: count((index) => `https://*.h${index}.test,`),
    addresses: count((index) => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255},`),
    "IPv6 addresses": count(
      (index) => `2001:db8::${(index >> 16).toString(16)}:${(index & 65_535).toString(16)},`,
    ),
    headers: count((index) => `x-${index} v\n`),
    "one header": `x-a ${repeat("a x-a")}`,
    statuses: count((index) => `${400 + (index % 200)},`),
    URL: `https://example.com/${repeat("a")}`,
    path: `/${repeat("a")}`,
    example: repeat(example),
    "example, listed": repeat(`${example},`),
    "example, lines": repeat(`${example}\n`),
    "example, words": repeat(`${example} `),
    "example, long": `${example}${repeat(example.at(-1) ?? "x")}`,
  };
}
