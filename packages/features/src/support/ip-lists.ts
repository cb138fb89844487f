import { bad, listType, ok, type ValueType } from "@sluice/feature-api";
import { type IpAccess, parseIpRange } from "@sluice/model";

const rangeType: ValueType<string> = {
  expected: "an IPv4 or IPv6 address or CIDR",
  schema: { type: "string", pattern: "^[0-9A-Fa-f:.]+(?:/[0-9]+)?$" },
  parse: (text) => {
    const range = parseIpRange(text);
    return range === undefined ? bad(rangeType.expected) : ok(range.cidr);
  },
};

/** Everybody, in ranges. */
const EVERYONE: readonly string[] = ["0.0.0.0/0", "::/0"];

/** Addresses and CIDRs, sorted, each once. A list of nothing is bad: it says neither who may come nor who may not. */
export const rangesType: ValueType<readonly string[]> = nonEmpty(listType(rangeType), (item) => [item]);

/** The same, where an item `*` stands for everybody. */
export const rangesOrAllType: ValueType<readonly string[]> = nonEmpty(
  listType<string>({
    expected: `${rangeType.expected}, or *`,
    schema: { type: "string", pattern: "^(?:[*]|[0-9A-Fa-f:.]+(?:/[0-9]+)?)$" },
    parse: (text) => (text === "*" ? ok(text) : rangeType.parse(text)),
  }),
  (item) => (item === "*" ? EVERYONE : [item]),
);

function nonEmpty(
  list: ValueType<readonly string[]>,
  ranges: (item: string) => readonly string[],
): ValueType<readonly string[]> {
  return {
    ...list,
    parse: (text) => {
      const items = list.parse(text);
      if (!items.ok) return items;
      if (items.value.length === 0) return bad(`at least one item in ${list.expected}`);
      return ok([...new Set(items.value.flatMap(ranges))].sort());
    },
  };
}

/** Lists of one level; undefined if it has none. */
export function ipAccessOf(
  allow: readonly string[] | undefined,
  deny: readonly string[] | undefined,
): IpAccess | undefined {
  if (allow === undefined && deny === undefined) return undefined;
  return { ...(allow !== undefined && { allow }), ...(deny !== undefined && { deny }) };
}

/** What an explanation says of lists: it knows no client. */
export function refusal(isForwarded: boolean, whose: string): string | undefined {
  return isForwarded ? `Clients whose address the lists ${whose} do not let in get 403.` : undefined;
}
