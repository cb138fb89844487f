import type { Diagnostic, MseIngressConfig, Origin } from "@sluice/model";
import { z } from "zod";
import { nearest } from "./nearest.ts";
import { MseIngressConfigSpec } from "./schema.ts";

/** A spec without what is wrong in it. */
export interface ReadSpec {
  readonly spec: MseIngressConfigSpec;
  /** Paths, as `common.instance.replicas`, of fields that were given and cannot be used. */
  readonly bad: ReadonlySet<string>;
  readonly diagnostics: readonly Diagnostic[];
}

type Path = readonly (string | number)[];
type Raw = Record<string, unknown>;

/**
 * Reads a spec field by field: a bad one takes no other with it. `null` counts as left out, as `field:` in YAML is. Everything wrong
 * is reported, with the path, the value and what was expected.
 */
export function readSpec(config: MseIngressConfig): ReadSpec {
  // What `withoutNull` keeps of an object is an object.
  const raw = withoutNull(config.spec) as Raw;
  const object = { kind: config.kind, namespace: config.metadata.namespace, name: config.metadata.name };
  const diagnostics: Diagnostic[] = [];
  const bad = new Set<string>();
  const result = MseIngressConfigSpec.safeParse(raw);
  if (result.success) return { spec: result.data, bad, diagnostics };
  for (const issue of result.error.issues) {
    const path = fieldPath(issue.path);
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const isProtection = isNearProtection([...path, key], valueAt(raw, [...path, key]));
        diagnostics.push((isProtection ? unknownProtection : unknownField)([...path, key], { object }));
        if (isProtection) bad.add(PROTECTION);
        removeAt(raw, [...path, key]);
      }
      continue;
    }
    diagnostics.push(badField(path, valueAt(raw, path), issue.message, { object }));
    bad.add(fieldName(path));
  }
  // Only now, since several items of one list may be bad.
  for (const path of result.error.issues.filter(({ code }) => code !== "unrecognized_keys"))
    removeAt(raw, withoutIndex(fieldPath(path.path)));
  // Every field with an issue is gone; what is left passed.
  return { spec: MseIngressConfigSpec.parse(raw), bad, diagnostics };
}

/** What a diagnostic about a field holds beside its code and message. */
export function about(field: string, object: Origin["object"]): Pick<Diagnostic, "key" | "origin"> {
  return { key: `spec.${field}`, origin: { object, field: `spec.${field}` } };
}

function badField(path: Path, value: unknown, expected: string, { object }: Origin): Diagnostic {
  const shown = printed(value);
  return {
    code: "config-value",
    severity: "error",
    ...about(formatPath(path), object),
    message: `spec.${formatPath(path)} is ${shown}, expected ${expected}; its last good value stays, or else the default.`,
    value: shown,
    expected,
  };
}

function unknownField(path: Path, { object }: Origin): Diagnostic {
  const name = formatPath(path);
  const known = nearest(name, knownFields());
  return {
    code: "config-unknown",
    severity: "warning",
    ...about(name, object),
    message: `spec.${name} is not known and is ignored.`,
    ...(known !== undefined && { hint: `Did you mean spec.${known}?` }),
  };
}

/** What keeps clients out: a name that was meant for it must not leave the gateway open. */
const PROTECTION = "global.ipAccessControl";

/** Whether a field that is not known is likely to be meant for the protection: misspelt, or in a wrong place. */
function isNearProtection(path: Path, value: unknown): boolean {
  const name = formatPath(path);
  const near = nearest(name, knownFields()) ?? "";
  return (
    [name, near].some((each) => each === PROTECTION || each.startsWith(`${PROTECTION}.`)) ||
    /"(ipAccessControl|whitelist|blacklist)":/i.test(JSON.stringify({ [String(path.at(-1))]: value }))
  );
}

function unknownProtection(path: Path, origin: Origin): Diagnostic {
  const { hint, origin: at } = unknownField(path, origin);
  const expected = "whitelist or blacklist";
  return {
    code: "config-value",
    severity: "error",
    ...about(PROTECTION, origin.object),
    ...(at !== undefined && { origin: at }),
    message: `spec.${formatPath(path)} is not known, expected ${expected} in spec.${PROTECTION}; the last good lists stay.`,
    expected,
    ...(hint !== undefined && { hint }),
  };
}

/** The paths of all fields, of groups too. */
export function knownFields(schema: z.ZodObject = MseIngressConfigSpec, prefix = ""): readonly string[] {
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const inner = unwrapped(field);
    const path = `${prefix}${name}`;
    return inner instanceof z.ZodObject ? [path, ...knownFields(inner, `${path}.`)] : [path];
  });
}

/** The schema of a field that may be left out. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}

/** The path of a field without the positions in lists, under which it is good or bad as a whole. */
function fieldName(path: Path): string {
  return withoutIndex(path).join(".");
}

function withoutIndex(path: Path): Path {
  return path.filter((part) => typeof part === "string");
}

function fieldPath(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
}

function formatPath(path: Path): string {
  return path
    .map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join("");
}

/** A value for people, of bounded length. */
function printed(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

function withoutNull(value: unknown, inList = false): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutNull(item, true));
  if (!isRaw(value)) return inList ? value : (value ?? undefined);
  const kept = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(kept.map(([name, field]) => [name, withoutNull(field)]));
}

function isRaw(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return value[Number(part)];
    return isRaw(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }, raw);
}

function removeAt(raw: Raw, path: Path): void {
  const parent = valueAt(raw, path.slice(0, -1));
  if (isRaw(parent)) delete parent[String(path.at(-1))];
}
