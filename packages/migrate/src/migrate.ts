import type { Feature } from "@sluice/feature-api";
import type { ConfigMap, Diagnostic, Ingress, KubeObject, Service } from "@sluice/model";
import { displayName } from "@sluice/model";
import { findAbsent } from "./absent.ts";
import { type ControllerDefaults, controllerDefaults, type TargetGateway } from "./controller-defaults.ts";
import { controllerSettings, type ProtectionsIn } from "./controller-settings.ts";
import { declarations } from "./declarations.ts";
import { defaultDifferences } from "./default-differences.ts";
import { type FindService, ingressNotes } from "./ingress-notes.ts";
import { compareKeys, isDone, judgeKeys, type Surroundings } from "./judge-keys.ts";
import {
  type Counts,
  type Dialect,
  FIX_PREFIX,
  type IngressReport,
  type Judgement,
  type MigrationReport,
  type Note,
  type NotJudged,
  OUTCOMES,
  type Outcome,
  verdictOf,
} from "./report.ts";
import { createSite, hostsOf, placesOf } from "./site.ts";
import { classOf, controllerConfigs, dialects, refOf } from "./source.ts";

export interface MigrationInput {
  /** What was given, in the form that it has in the cluster. */
  readonly objects: readonly KubeObject[];
  readonly features: readonly Feature[];
  /** What the translation of {@link asServed} says. */
  readonly diagnostics: readonly Diagnostic[];
  readonly gateway: TargetGateway;
  readonly protectionsIn: ProtectionsIn;
  /** Every Ingress was written for this gateway. Absent: by class and prefixes. */
  readonly from?: Dialect;
  /** The ConfigMap of the ingress-nginx controller. Absent: the one that looks like it. */
  readonly controller?: ConfigMap;
  /** What was given beside the objects. */
  readonly notJudged?: readonly NotJudged[];
}

const DIALECTS: readonly Dialect[] = ["ingress-nginx", "higress"];

/** Compares what Ingresses do where they come from with what they do here. Pure; never throws on account of the objects. */
export function migrate(input: MigrationInput): MigrationReport {
  const { objects, gateway, protectionsIn, from, notJudged = [] } = input;
  const dialectOf = dialects(objects, from === undefined ? {} : { from });
  const ingresses = objects.filter((object): object is Ingress => object.kind === "Ingress");
  const found = controllerConfigs(objects);
  const config = input.controller ?? found[0];
  const defaults = controllerDefaults(config);
  const groups = DIALECTS.map((dialect) => ({
    dialect,
    members: ingresses.filter((ingress) => dialectOf(ingress) === dialect),
  })).filter(({ members }) => members.length > 0);
  const reports = groups.flatMap(({ dialect, members }) => judgeGroup(dialect, members, defaults, input));
  const settings = config === undefined ? [] : controllerSettings(config, gateway, protectionsIn);
  const skipped = ingresses.filter((ingress) => dialectOf(ingress) === undefined);
  return {
    verdict: verdictOf([
      ...notJudged.map((): Outcome => "differs"),
      ...settings.map(({ outcome }) => outcome),
      ...reports.flatMap(({ keys, notes }) => [...keys, ...notes].map(({ outcome }) => outcome)),
    ]),
    ingresses: reports,
    ...(config !== undefined && {
      controller: {
        configMap: refOf(config),
        settings,
        others: found.filter((other) => other !== config).map(refOf),
      },
    }),
    defaults: groups.flatMap(({ dialect, members }) =>
      defaultDifferences(dialect, members, defaults, gateway),
    ),
    skipped: skipped.map((ingress) => ({ ingress: refOf(ingress), className: classOf(ingress) })),
    notJudged,
    remarks: [...remarks(reports, config, gateway), ...lostForAll(settings)],
    counts: counts(reports, settings),
  };
}

function judgeGroup(
  dialect: Dialect,
  members: readonly Ingress[],
  defaults: ControllerDefaults,
  { objects, features, diagnostics, gateway, protectionsIn }: MigrationInput,
): readonly IngressReport[] {
  const around: Surroundings = {
    dialect,
    site: createSite(members, dialect),
    defaults,
    gateway,
    declared: declarations(features),
    actsOnService: (key) =>
      features.some(({ scope, keys }) => scope === "service" && Object.hasOwn(keys, key)),
    absent: findAbsent(objects),
    protectionsIn,
  };
  const byIngress = Map.groupBy(
    diagnostics.filter(({ origin }) => origin?.object.kind === "Ingress"),
    ({ origin }) => (origin === undefined ? "" : displayName(origin.object)),
  );
  const findService = serviceFinder(objects);
  return members.map((ingress) =>
    judgeIngress(ingress, around, findService, byIngress.get(displayName(refOf(ingress))) ?? []),
  );
}

function judgeIngress(
  ingress: Ingress,
  around: Surroundings,
  findService: FindService,
  diagnostics: readonly Diagnostic[],
): IngressReport {
  const { annotations } = ingress.metadata;
  const isOfKey = ({ key }: Diagnostic): boolean => key !== undefined && Object.hasOwn(annotations, key);
  const byKey = Map.groupBy(diagnostics.filter(isOfKey), ({ key }) => key ?? "");
  const mayFix = fixTest(ingress, around);
  const entries = compareKeys(ingress, around).map((entry) => ({
    ...entry,
    judgement: withoutFix(entry.judgement, mayFix),
  }));
  const notes = ingressNotes(
    ingress,
    around,
    findService,
    diagnostics.filter((one) => !isOfKey(one)),
  ).map((note) => withoutFix(note, mayFix));
  const plan = planOf([...entries.map(({ judgement }) => judgement), ...notes]);
  const keys = judgeKeys(ingress, entries, plan, around, (name) => byKey.get(name) ?? []);
  const settled = notes.map((note) => settle(note, ingress));
  // One that is there, with whatever value, is somebody's decision.
  const isMissing = ([key]: readonly [string, string]): boolean =>
    !Object.hasOwn(annotations, FIX_PREFIX + key);
  return {
    ingress: refOf(ingress),
    dialect: around.dialect,
    hosts: hostsOf(ingress),
    ...(ingress.location !== undefined && { location: ingress.location }),
    verdict: verdictOf([...keys, ...settled].map(({ outcome }) => outcome)),
    keys,
    notes: settled,
    fixes: Object.fromEntries(Object.entries(plan).filter(isMissing)),
  };
}

/** Whether a key may be set: one that acts on a Service would act on other Ingresses that use it. */
function fixTest(ingress: Ingress, { site, dialect, actsOnService }: Surroundings): (key: string) => boolean {
  const { namespace } = ingress.metadata;
  const isShared = placesOf(ingress, dialect).some(({ path }) => {
    const { service } = path.backend;
    return (
      service !== undefined &&
      site.usersOf(namespace, service.name).some((other) => other.ingress !== ingress)
    );
  });
  return (key) => !isShared || !actsOnService(key);
}

function withoutFix<J extends Judgement | undefined>(judgement: J, mayFix: (key: string) => boolean): J {
  if (judgement?.fix === undefined || Object.keys(judgement.fix.set).every(mayFix)) return judgement;
  return { ...judgement, fix: undefined };
}

/** Of two fixes that set one key, the first counts. */
function planOf(judgements: readonly (Judgement | undefined)[]): Readonly<Record<string, string>> {
  const plan = new Map<string, string>();
  for (const judgement of judgements)
    for (const [key, value] of Object.entries(judgement?.fix?.set ?? {}))
      if (!plan.has(key)) plan.set(key, value);
  return Object.fromEntries(plan);
}

function settle(note: Note, ingress: Ingress): Note {
  if (note.fix === undefined || !isDone(ingress, note.fix.set)) return note;
  const { fix, ...rest } = note;
  return {
    ...rest,
    outcome: "same",
    text: `${note.text} ${Object.keys(fix.set).join(", ")} makes up for it.`,
  };
}

function serviceFinder(objects: readonly KubeObject[]): FindService {
  const services = new Map(
    objects
      .filter((object): object is Service => object.kind === "Service")
      .map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]),
  );
  return ({ namespace, name }) => services.get(`${namespace}/${name}`);
}

function remarks(
  reports: readonly IngressReport[],
  config: ConfigMap | undefined,
  { ingressClass }: TargetGateway,
): readonly string[] {
  const nginx = reports.some(({ dialect }) => dialect === "ingress-nginx");
  return [
    ...(reports.length === 0 ? ["There is no Ingress for ingress-nginx or Higress among the objects."] : []),
    ...(nginx && config === undefined
      ? [
          "The ConfigMap of the ingress-nginx controller is not among the objects: its own defaults are taken for it.",
        ]
      : []),
    ...(reports.length > 0
      ? [
          `Served here are Ingresses of class ${ingressClass}: change their class, or give the gateway theirs by --ingress-class.`,
        ]
      : []),
  ];
}

/** Ingresses are judged by what they say themselves. */
function lostForAll(settings: readonly { readonly lost?: string }[]): readonly string[] {
  return settings.some(({ lost }) => lost !== undefined)
    ? [
        "The controller's ConfigMap protects every Ingress by what is lost here: those that are ready as well.",
      ]
    : [];
}

function counts(reports: readonly IngressReport[], settings: readonly { readonly lost?: string }[]): Counts {
  const keys = reports.flatMap((report) => report.keys);
  const number = (verdict: IngressReport["verdict"]) =>
    reports.filter((report) => report.verdict === verdict).length;
  // One entry for each outcome.
  const byOutcome = Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, keys.filter((key) => key.outcome === outcome).length]),
  ) as Record<Outcome, number>;
  return {
    ready: number("ready"),
    look: number("look"),
    blocked: number("blocked"),
    keys: byOutcome,
    lost:
      keys.filter(({ lost }) => lost.length > 0).length +
      settings.filter(({ lost }) => lost !== undefined).length,
    fixable: reports.filter(({ fixes }) => Object.keys(fixes).length > 0).length,
  };
}
