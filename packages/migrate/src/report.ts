import type { ObjectRef, SourceLocation } from "@sluice/model";

/** The gateway that an Ingress was written for. */
export type Dialect = "ingress-nginx" | "higress";

/**
 * What becomes of something. `same`: the same behaviour. `differs`: another behaviour, or one that cannot be told.
 * `no-effect`: it does nothing here, and nothing is lost that protects. `refused`: it is not done here, or a protection is gone.
 */
export type Outcome = "same" | "differs" | "no-effect" | "refused";

/** Worst first. */
export const OUTCOMES: readonly Outcome[] = ["refused", "differs", "no-effect", "same"];

/** Annotations that make up for a difference, by key without prefix. They are written under {@link FIX_PREFIX}. */
export interface Fix {
  readonly set: Readonly<Record<string, string>>;
  /** What differs still where they are set, in a sentence. */
  readonly leaves?: string;
}

/**
 * The prefix of annotations that a fix adds. ingress-nginx and Higress do not read it, and here it is the strongest: what was
 * written before stays, and one manifest serves both gateways.
 */
export const FIX_PREFIX = "mse.ingress.kubernetes.io/";

/** What a rule says of a key or of an Ingress. */
export interface Judgement {
  readonly outcome: Outcome;
  /** Sentences with the numbers. Absent: nothing to add. */
  readonly text?: string;
  /** What was protected and is not any more, in words. */
  readonly lost?: string;
  /** Brings the behaviour back. */
  readonly fix?: Fix | undefined;
}

/** One annotation of an Ingress. */
export interface KeyReport {
  /** As written, with its prefix. */
  readonly annotation: string;
  /** Without prefix. */
  readonly key: string;
  readonly value: string;
  readonly outcome: Outcome;
  readonly texts: readonly string[];
  readonly lost: readonly string[];
  readonly fix?: Fix;
}

/** Something of an Ingress that no single annotation says. */
export interface Note extends Judgement {
  /** A stable word for scripts. */
  readonly topic: string;
  readonly text: string;
}

/** `ready`: it behaves the same. `look`: something differs. `blocked`: something is refused, or a protection is lost. */
export type Verdict = "ready" | "look" | "blocked";

export interface IngressReport {
  readonly ingress: ObjectRef;
  readonly dialect: Dialect;
  readonly hosts: readonly string[];
  readonly location?: SourceLocation;
  readonly verdict: Verdict;
  /** Each annotation of a gateway's prefix once, in the order of the manifest. */
  readonly keys: readonly KeyReport[];
  readonly notes: readonly Note[];
  /** What `--fix` would add, by key without prefix. */
  readonly fixes: Readonly<Record<string, string>>;
}

/** One key of the controller's ConfigMap. */
export interface SettingReport {
  readonly key: string;
  readonly value: string;
  readonly outcome: Outcome | "unknown";
  readonly text: string;
  readonly lost?: string;
}

/** A difference of defaults: it holds for all Ingresses, so it is told once, and no verdict counts it. */
export interface DefaultDifference {
  readonly topic: string;
  readonly there: string;
  readonly here: string;
  readonly advice: string;
}

export interface ControllerReport {
  readonly configMap: ObjectRef;
  readonly settings: readonly SettingReport[];
  /** Other ConfigMaps that look like a controller's, not looked at. */
  readonly others: readonly ObjectRef[];
}

/** Something that was given and is not judged, as it could not be read or is not in force. */
export interface NotJudged {
  readonly location?: SourceLocation;
  readonly text: string;
}

export interface MigrationReport {
  /** Never `ready` where something was not judged. */
  readonly verdict: Verdict;
  readonly ingresses: readonly IngressReport[];
  readonly controller?: ControllerReport;
  readonly defaults: readonly DefaultDifference[];
  /** Ingresses of other classes. */
  readonly skipped: readonly { readonly ingress: ObjectRef; readonly className: string }[];
  /** It may hold Ingresses and protections of which the report knows nothing. */
  readonly notJudged: readonly NotJudged[];
  /** What stands in the way of a full answer. */
  readonly remarks: readonly string[];
  readonly counts: Counts;
}

export interface Counts {
  readonly ready: number;
  readonly look: number;
  readonly blocked: number;
  readonly keys: Readonly<Record<Outcome, number>>;
  readonly lost: number;
  /** Ingresses that `--fix` would change. */
  readonly fixable: number;
}

/** The worst of several outcomes as a verdict. */
export function verdictOf(outcomes: Iterable<Outcome | "unknown">): Verdict {
  const all = new Set(outcomes);
  if (all.has("refused")) return "blocked";
  return all.has("differs") || all.has("unknown") ? "look" : "ready";
}

export function worst(outcomes: readonly Outcome[]): Outcome {
  return OUTCOMES.find((outcome) => outcomes.includes(outcome)) ?? "same";
}
