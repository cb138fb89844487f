import type { Diagnostic, Ingress } from "@sluice/model";
import type { FindAbsent } from "./absent.ts";
import type { ControllerDefaults, TargetGateway } from "./controller-defaults.ts";
import type { ProtectionsIn } from "./controller-settings.ts";
import { type Declarations, isUnknownThere } from "./declarations.ts";
import { fromDiagnostic } from "./from-diagnostics.ts";
import { helpsProtect, isKnownToNginx, isProtection, protectionOf } from "./protections.ts";
import { type Dialect, FIX_PREFIX, type Fix, type Judgement, type KeyReport, worst } from "./report.ts";
import { HIGRESS_KEYS } from "./rules/higress.ts";
import { ruleOf } from "./rules/index.ts";
import { isFalse, type Site } from "./site.ts";
import { isSwitchedOff, ownText, prefixOf, readsAnnotation, sourceText } from "./source.ts";

/** What it takes to judge the Ingresses of one source gateway. */
export interface Surroundings {
  readonly dialect: Dialect;
  readonly site: Site;
  readonly defaults: ControllerDefaults;
  readonly gateway: TargetGateway;
  readonly declared: Declarations;
  readonly absent: FindAbsent;
  readonly protectionsIn: ProtectionsIn;
  /** Whether a key acts on the Services of its Ingress, whoever uses them. */
  readonly actsOnService: (key: string) => boolean;
}

/** One annotation, before it is known whether something makes up for it. */
interface Entry {
  readonly annotation: string;
  readonly key: string;
  readonly value: string;
  readonly isRead: boolean;
  /** What the comparison of the two gateways says; the same if absent. */
  readonly judgement: Judgement | undefined;
}

/** The annotations of an Ingress that the report tells of, in their order, compared without what the translation says. */
export function compareKeys(ingress: Ingress, around: Surroundings): readonly Entry[] {
  return Object.entries(ingress.metadata.annotations).flatMap(([annotation, value]) => {
    const prefix = prefixOf(annotation);
    if (prefix === undefined) return [];
    const key = annotation.slice(prefix.length);
    const isRead = readsAnnotation(around.dialect, annotation);
    const judgement = isRead && value.trim() !== "" ? compare(key, value.trim(), ingress, around) : undefined;
    return [{ annotation, key, value, isRead, judgement }];
  });
}

function compare(key: string, text: string, ingress: Ingress, around: Surroundings): Judgement | undefined {
  const { dialect, site, defaults, gateway } = around;
  const rule = ruleOf(dialect, key);
  const source = (name: string): string => sourceText(ingress, dialect, name);
  if (rule !== undefined) return rule({ key, text, source, ingress, site, defaults, gateway });
  return byDeclaration(key, text, around);
}

/** What the declaration of a key says, which is true of some value at least. */
function byDeclaration(
  key: string,
  text: string,
  { dialect, declared }: Surroundings,
): Judgement | undefined {
  const declaration = declared(key);
  if (declaration === undefined) return undeclared(key, text, dialect);
  const difference = dialect === "higress" ? declaration.higress : declaration.nginx;
  if (
    dialect === "higress" &&
    declaration.higress === undefined &&
    isForeignToHigress(key, declaration.nginx)
  )
    return { outcome: "differs", text: "Higress does not read this key; here it counts." };
  if (difference === undefined || text === declaration.default) return undefined;
  if (isUnknownThere(difference))
    return { outcome: "differs", text: "ingress-nginx does not know this key; here it counts." };
  if (difference.startsWith("Refused")) return undefined;
  if (/^(?:No effect here|It has no effect)/.test(difference))
    return { outcome: "no-effect", text: difference };
  return { outcome: "differs", text: difference };
}

/** A key of ingress-nginx that Higress does not have; those of MSE it has. */
function isForeignToHigress(key: string, nginx: string | undefined): boolean {
  const ofMse = nginx !== undefined && isUnknownThere(nginx);
  return !ofMse && !HIGRESS_KEYS.has(key) && !MSE_KEYS.test(key);
}

const MSE_KEYS =
  /^(?:destination|timeout|warmup|rewrite-path|ignore-path-case|match-|.*-match-|full-path-regex|mcp-|rpc-|http2rpc|mirror-|route-limit-|(?:request|response)-header-control-)/;

function undeclared(key: string, text: string, dialect: Dialect): Judgement {
  const lost = protectionOf(key, text);
  if (lost !== undefined)
    return {
      outcome: "refused",
      lost,
      text: "Not yet done by this gateway, and it is a protection: the Ingress is served without it.",
    };
  if (protectionsOff(text) && (helpsProtect(key) || isProtection(key)))
    return {
      outcome: "no-effect",
      text: "It switches a protection off that this gateway does not have yet.",
    };
  if (helpsProtect(key))
    return { outcome: "refused", text: "Not yet done by this gateway; it belongs to a protection." };
  if (isKnownToNginx(key)) return { outcome: "refused", text: "Not yet done by this gateway." };
  return {
    outcome: "no-effect",
    text: `Not known to this gateway, and no key of ${dialect} that we know of: check the spelling.`,
  };
}

function protectionsOff(text: string): boolean {
  return isFalse(text) || text === "off";
}

/** Findings of the translation by annotation. */
export type DiagnosticsOf = (annotation: string) => readonly Diagnostic[];

/**
 * Each annotation as the report has it. `plan` is what fixes would set: where the Ingress has it already, what it makes up for
 * is the same.
 */
export function judgeKeys(
  ingress: Ingress,
  entries: readonly Entry[],
  plan: Readonly<Record<string, string>>,
  around: Surroundings,
  diagnosticsOf: DiagnosticsOf,
): readonly KeyReport[] {
  return entries.map((entry) => {
    const judgements = judge(entry, ingress, plan, around, diagnosticsOf);
    const { annotation, key, value } = entry;
    const outcome = worst(judgements.map((one) => one.outcome));
    const texts = [...new Set(judgements.flatMap(({ text }) => text ?? []))];
    const lost = [...new Set(judgements.flatMap((one) => one.lost ?? []))];
    const fix = outcome === "same" ? undefined : judgements.find((one) => one.fix !== undefined)?.fix;
    return { annotation, key, value, outcome, texts, lost, ...(fix && { fix }) };
  });
}

function judge(
  entry: Entry,
  ingress: Ingress,
  plan: Readonly<Record<string, string>>,
  around: Surroundings,
  diagnosticsOf: DiagnosticsOf,
): readonly Judgement[] {
  const { annotation, key, value, isRead, judgement } = entry;
  const text = value.trim();
  const { dialect } = around;
  if (isSwitchedOff(annotation))
    return [{ outcome: "no-effect", text: "Switched off by the Higress console, there and here." }];
  const found = diagnosticsOf(annotation).flatMap((one) => translated(one, key, ingress, around));
  if (!isRead) return [...found, standIn(key, text, ingress, plan, dialect)];
  if (text === "" && found.length === 0)
    return [{ outcome: "no-effect", text: "Blank, which is as if it were not there." }];
  const decides = stronger(ingress, annotation, key, dialect);
  if (decides !== undefined) return [{ outcome: "no-effect", text: `${decides} decides, there and here.` }];
  if (judgement?.fix !== undefined && isDone(ingress, judgement.fix.set)) return [madeUp(judgement.fix)];
  const override = ownText(ingress, FIX_PREFIX + key);
  if (override !== "" && override !== text && plan[key] !== override)
    return [{ outcome: "differs", text: `${FIX_PREFIX}${key} decides here, and is not read by ${dialect}.` }];
  return [...(judgement === undefined ? [] : [judgement]), ...found];
}

function madeUp({ set, leaves }: Fix): Judgement {
  const names = Object.keys(set).map((name) => FIX_PREFIX + name);
  const text = `${names.join(", ")} makes up for it`;
  return leaves === undefined
    ? { outcome: "same", text: `${text}.` }
    : { outcome: "differs", text: `${text}, but for this: ${leaves}` };
}

/** A finding of the translation; one about an object that was not given is no difference, but leaves a question. */
function translated(
  diagnostic: Diagnostic,
  key: string,
  ingress: Ingress,
  { absent, dialect, declared, protectionsIn }: Surroundings,
): readonly Judgement[] {
  const judgement = fromDiagnostic(diagnostic, key);
  if (judgement === undefined) return [];
  if (diagnostic.code === "annotation-refused" && key.endsWith("-snippet") && judgement.lost === undefined) {
    const possible = protectionsIn(ownText(ingress, diagnostic.key ?? ""));
    return [possible.length === 0 ? judgement : { ...judgement, lost: `perhaps ${possible.join(", ")}` }];
  }
  const name = absent(ingress, key);
  const isClosed = diagnostic.code === "annotation-value-denied";
  if (name !== undefined && (isClosed || judgement.outcome === "differs"))
    return [
      {
        outcome: "differs",
        text: `Cannot be told: the ${name} is not among the objects given.${isClosed ? " Without it the routes answer 503 here." : ""}`,
      },
    ];
  const expected = declared(key)?.type.expected ?? "";
  if (dialect === "ingress-nginx" && judgement.outcome === "differs" && isBadNumber(expected, diagnostic))
    return [
      { outcome: "no-effect", text: `${judgement.text ?? ""} ingress-nginx takes no such value either.` },
    ];
  return [judgement];
}

function isBadNumber(expected: string, { code, value = "" }: Diagnostic): boolean {
  return (
    code === "annotation-value" && expected.startsWith("a whole number") && !/^[+-]?\d+$/.test(value.trim())
  );
}

function standIn(
  key: string,
  text: string,
  ingress: Ingress,
  plan: Readonly<Record<string, string>>,
  dialect: Dialect,
): Judgement {
  if (text === "") return { outcome: "no-effect", text: "Blank, which is as if it were not there." };
  if (Object.hasOwn(plan, key) && plan[key] === text)
    return { outcome: "same", text: `Makes up for a difference from ${dialect}, which does not read it.` };
  if (sourceText(ingress, dialect, key) === text)
    return {
      outcome: "same",
      text: `${dialect} does not read it, but reads the same value under its own prefix.`,
    };
  return { outcome: "differs", text: `${dialect} does not read it; here it counts.` };
}

/** The annotation under a stronger prefix of the source gateway that decides in place of this one. */
function stronger(ingress: Ingress, annotation: string, key: string, dialect: Dialect): string | undefined {
  for (const prefix of ["higress.io/", "higress.ingress.kubernetes.io/", "nginx.ingress.kubernetes.io/"]) {
    const name = prefix + key;
    if (name === annotation) return undefined;
    if (readsAnnotation(dialect, name) && ownText(ingress, name) !== "") return name;
  }
  return undefined;
}

/** Whether an Ingress has what a fix would set. */
export function isDone(ingress: Ingress, set: Readonly<Record<string, string>>): boolean {
  return Object.entries(set).every(([key, value]) => ownText(ingress, FIX_PREFIX + key) === value.trim());
}
