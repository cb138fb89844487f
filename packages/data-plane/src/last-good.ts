/**
 * The spec that a MseIngressConfig had when each part of it was last good: it is kept in `status.lastGood`, so that after a
 * restart a part that is bad by then stays as it was. A part is what is two levels deep, as `monitor.tracing`, and in
 * {@link FINE_PARTS} each field.
 */
export type LastGood = Readonly<Record<string, unknown>>;

type Fields = Readonly<Record<string, unknown>>;

/** What is good or bad by itself, whatever is beside it. */
const FINE_PARTS = new Set([
  "global.ipAccessControl.whitelist",
  "global.ipAccessControl.blacklist",
  "common.instance.spec",
  "common.instance.replicas",
]);
/** What a reused gateway keeps while `override` is not true. */
const KEPT_BY_REUSED = ["ingress", "global", "monitor"] as const;

/**
 * The spec with the bad parts as they were. `badKeys` are paths with `spec.` before them, as diagnostics have them. A bad
 * part that never was good is left out. Of a reused gateway that this resource does not decide about, what it keeps is as it
 * was, as the spec of one that it does decide about. `previous` while the spec is nothing that fields can be read from, or
 * the gateway cannot be told.
 */
export function lastGoodSpec(
  spec: unknown,
  badKeys: readonly string[],
  previous: LastGood | undefined,
): LastGood | undefined {
  if (!isFields(spec) || badKeys.includes("spec.id")) return previous;
  const parts = new Map(badKeys.map(partOf).map((path) => [path.join("."), path]));
  const good = [...parts.values()].reduce<Fields>((fields, path) => restored(fields, path, previous), spec);
  return good.id == null || good.override === true ? good : asReused(good, previous);
}

function partOf(key: string): readonly string[] {
  const path = key
    .replace(/^spec\./, "")
    .replaceAll(/\[\d+\]/g, "")
    .split(".");
  return path.slice(0, FINE_PARTS.has(path.slice(0, 3).join(".")) ? 3 : 2);
}

/** The fields with what is at the path as it was before. */
function restored(fields: Fields, [first = "", ...rest]: readonly string[], before: unknown): Fields {
  const was = isFields(before) ? before[first] : undefined;
  const now = fields[first];
  return replaced(fields, first, rest.length > 0 && isFields(now) ? restored(now, rest, was) : was);
}

/** One that was not bound before listens to what the spec says, and has nothing else of it. */
function asReused(good: Fields, previous: LastGood | undefined): Fields {
  const kept: Fields = previous ?? { ingress: good.ingress };
  const all = KEPT_BY_REUSED.reduce<Fields>((fields, name) => replaced(fields, name, kept[name]), good);
  return { ...all, override: true };
}

function replaced(fields: Fields, name: string, value: unknown): Fields {
  const { [name]: _, ...rest } = fields;
  return value === undefined ? rest : { ...rest, [name]: value };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
