import { type Diagnostic, type IpAccess, type ObjectRef, parseIpRange } from "@sluice/model";
import { isBad } from "./field-state.ts";
import { about, type ReadSpec } from "./read-spec.ts";
import { RANGE } from "./schema.ts";

/** All addresses there are. */
const EVERYBODY: readonly string[] = ["0.0.0.0/0", "::/0"];

const LISTS = {
  whitelist: { kind: "allow", closed: [] },
  blacklist: { kind: "deny", closed: EVERYBODY },
} as const;
type ListName = keyof typeof LISTS;

const GROUP = "global.ipAccessControl";

/**
 * The address lists of a spec. One bad item spoils its list: the last good list stays in force, and where none is known
 * nobody is let in. What cannot be told which list it is for spoils both.
 */
export function ipAccess(
  read: ReadSpec,
  object: ObjectRef,
  previous: IpAccess | undefined,
): { readonly access: IpAccess | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  if (isBad(read, GROUP) && previous !== undefined) return { access: previous, diagnostics };
  const access: { allow?: readonly string[]; deny?: readonly string[] } = {};
  for (const name of ["whitelist", "blacklist"] as const) {
    const { kind, closed } = LISTS[name];
    const { list, good } = readList(name, read, object, diagnostics);
    const last = previous?.[kind];
    if (good) {
      if (list !== undefined) access[kind] = list;
    } else if (last !== undefined && last.join() !== closed.join()) access[kind] = last;
    else {
      access[kind] = closed;
      diagnostics.push(closedList(name, object));
    }
  }
  return { access: Object.keys(access).length === 0 ? undefined : access, diagnostics };
}

/** Remarks about items of one list that are fine; it may have thousands. */
const MAX_ADJUSTED = 20;

/** The ranges of a list, sorted, each once. An empty list is none, as Kubernetes has it. */
function readList(
  name: ListName,
  read: ReadSpec,
  object: ObjectRef,
  diagnostics: Diagnostic[],
): { readonly list: readonly string[] | undefined; readonly good: boolean } {
  const field = `${GROUP}.${name}`;
  if (isBad(read, field)) return { list: undefined, good: false };
  const items = read.spec.global?.ipAccessControl?.[name] ?? [];
  const ranges = new Set<string>();
  let adjusted = 0;
  let good = true;
  for (const [at, item] of items.entries()) {
    const range = parseIpRange(item);
    const place = about(`${field}[${at}]`, object);
    if (range === undefined) {
      good = false;
      diagnostics.push(badItem(place, item));
      continue;
    }
    ranges.add(range.cidr);
    if (range.hasHostBits && ++adjusted <= MAX_ADJUSTED) diagnostics.push(hostBits(place, item, range.cidr));
  }
  return { list: ranges.size === 0 ? undefined : [...ranges].sort(), good };
}

type Place = ReturnType<typeof about>;

function badItem(place: Place, item: string): Diagnostic {
  return {
    code: "config-value",
    severity: "error",
    ...place,
    message: `${place.key} is ${JSON.stringify(item)}, expected ${RANGE}; one bad item spoils its list.`,
    value: item,
    expected: RANGE,
  };
}

function hostBits(place: Place, item: string, cidr: string): Diagnostic {
  return {
    code: "config-adjusted",
    severity: "warning",
    ...place,
    message: `${place.key} is ${JSON.stringify(item)}, which means ${cidr}.`,
    value: item,
    expected: cidr,
  };
}

function closedList(name: ListName, object: ObjectRef): Diagnostic {
  const place = about(`${GROUP}.${name}`, object);
  return {
    code: "config-value-denied",
    severity: "error",
    ...place,
    message: `${place.key} cannot be used and no good list is known: everybody gets 403.`,
    expected: `a list in which each item is ${RANGE}`,
  };
}
