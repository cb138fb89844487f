import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const KEY = "mse.ingress.kubernetes.io/";

/** Annotations (without `request-header-control-` or `response-header-control-`), and what becomes of headers. */
interface Case {
  readonly add?: string;
  readonly update?: string;
  readonly remove?: string;
  /** Headers before, in order. */
  readonly before?: readonly (readonly [name: string, value: string])[];
  /** By lower-case name; null: absent. */
  readonly after: Readonly<Record<string, string | null>>;
}

const CASES: Readonly<Record<string, Case>> = {
  "adds, several lines": {
    add: "x-a one\n  x-b two words  \n\nX-C three",
    after: { "x-a": "one", "x-b": "two words", "x-c": "three" },
  },
  "appends to what is there": { add: "x-a two", before: [["x-a", "one"]], after: { "x-a": "one, two" } },
  "updates what is there": {
    update: "x-a two",
    before: [
      ["x-a", "one"],
      ["X-A", "once more"],
    ],
    after: { "x-a": "two" },
  },
  "updates what is not there": { update: "x-a two", after: { "x-a": "two" } },
  "removes, several names": {
    remove: "x-a, X-B,, x-none ",
    before: [
      ["x-a", "1"],
      ["x-b", "2"],
      ["x-c", "3"],
    ],
    after: { "x-a": null, "x-b": null, "x-c": "3" },
  },
  "removes before it adds": {
    remove: "x-a",
    add: "x-a new",
    before: [["x-a", "old"]],
    after: { "x-a": "new" },
  },
  "removes before it updates": {
    remove: "x-a",
    update: "x-a new",
    before: [["x-a", "old"]],
    after: { "x-a": "new" },
  },
  "drops one pair of quotes around name or value": {
    update: '"x-a" "one two"\n\'x-b\' \'three\'\nx-c ""four""\nx-d un"quoted"',
    after: { "x-a": "one two", "x-b": "three", "x-c": '"four"', "x-d": 'un"quoted"' },
  },
  "splits at the first blank": {
    update: "x-a\tone two\nx-b   three",
    after: { "x-a": "one two", "x-b": "three" },
  },
  "takes percent signs literally": {
    update: "x-a 100%\nx-b %REQ(:path)%\nx-c %%",
    after: { "x-a": "100%", "x-b": "%REQ(:path)%", "x-c": "%%" },
  },
};

const REPORTED: readonly [title: string, annotations: Readonly<Record<string, string>>, part: string][] = [
  ["a line without a value", { "-add": "x-a\nx-b two" }, "x-a"],
  ["a name that is none", { "-update": "x(a one\nx-b two" }, "x(a one"],
  ["Host", { "-update": "Host other.example.com\nx-b two" }, "Host"],
  ["a pseudo-header", { "-add": ":path /other\nx-b two" }, ":path"],
];

/** What cannot be removed. */
const REFUSED = ["Host", ":path", "x y"];

const DIRECTIONS = ["request", "response"] as const;

const shared = useGateway({
  backends: ["echo"],
  objects: () =>
    DIRECTIONS.flatMap((direction) => [
      ...Object.values(CASES).map(({ add, update, remove }, n) =>
        ingress({
          name: `${direction}${n}`,
          host: `${direction}${n}.example.com`,
          annotations: {
            ...(add === undefined ? {} : { [`${direction}-header-control-add`]: add }),
            ...(update === undefined ? {} : { [`${direction}-header-control-update`]: update }),
            ...(remove === undefined ? {} : { [`${direction}-header-control-remove`]: remove }),
          },
        }),
      ),
      ...REPORTED.map(([, annotations], n) =>
        ingress({
          name: `${direction}-bad${n}`,
          host: `${direction}-bad${n}.example.com`,
          annotations: Object.fromEntries(
            Object.entries(annotations).map(([ending, value]) => [
              `${direction}-header-control${ending}`,
              value,
            ]),
          ),
        }),
      ),
      ...REFUSED.map((name, n) =>
        ingress({
          name: `${direction}-remove${n}`,
          host: `${direction}-remove${n}.example.com`,
          annotations: { [`${direction}-header-control-remove`]: `x-a, ${name}` },
        }),
      ),
    ]),
});

/** What the backend saw of a request with these headers, or what a client gets of a response with them. */
async function through(
  direction: (typeof DIRECTIONS)[number],
  host: string,
  before: Case["before"] = [],
): Promise<Readonly<Record<string, string | readonly string[] | undefined>>> {
  if (direction === "response") {
    const headers = { "x-echo-header": before.map(([name, value]) => `${name}: ${value}`) };
    return (await shared.send({ host, headers })).headers;
  }
  const headers: Record<string, string[]> = {};
  for (const [name, value] of before)
    headers[name.toLowerCase()] = [...(headers[name.toLowerCase()] ?? []), value];
  return (await shared.send({ host, headers })).seen().headers;
}

describe.each(DIRECTIONS)("of a %s", (direction) => {
  it.each(Object.entries(CASES).map(([title, each], n) => ({ title, n, ...each })))(
    "$title",
    async ({ n, before, after }) => {
      const headers = await through(direction, `${direction}${n}.example.com`, before);
      for (const [name, value] of Object.entries(after))
        expect([name, headers[name] ?? null]).toEqual([name, value]);
      expect(shared.diagnostics(`${direction}${n}`)).toEqual([]);
    },
  );

  it.each(REPORTED.map(([title, annotations, part], n) => ({ title, annotations, part, n })))(
    "$title is skipped and reported, and the other lines count",
    async ({ annotations, part, n }) => {
      const [ending = ""] = Object.keys(annotations);
      const found = shared.diagnostics(`${direction}-bad${n}`);
      expect(found).toMatchObject([
        {
          severity: "warning",
          key: `${KEY}${direction}-header-control${ending}`,
          value: expect.stringContaining(part),
          expected: expect.stringMatching(/\w/),
        },
      ]);
      const host = `${direction}-bad${n}.example.com`;
      const headers = await through(direction, host);
      expect(headers["x-b"]).toBe("two");
      expect(headers).not.toHaveProperty("x-a");
      if (direction === "request") expect(headers.host).toBe(host);
    },
  );

  it("a name that cannot be removed spoils the value, which is reported", async () => {
    for (const [n, name] of REFUSED.entries()) {
      const id = `${direction}-remove${n}`;
      const headers = await through(direction, `${id}.example.com`, [["x-a", "1"]]);
      expect(headers["x-a"]).toBe("1");
      if (direction === "request") expect(headers.host).toBe(`${id}.example.com`);
      expectIgnored(shared, id, `${direction}-header-control-remove`, `x-a, ${name}`);
    }
  });
});
