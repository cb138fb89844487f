import type { Ingress } from "@sluice/model";
import type { ControllerDefaults, TargetGateway } from "../controller-defaults.ts";
import type { Judgement } from "../report.ts";
import type { Site } from "../site.ts";

/** What a rule may look at. */
export interface RuleContext {
  readonly key: string;
  /** What the gateway that the Ingress comes from reads of the key. Trimmed, never blank. */
  readonly text: string;
  /** What that gateway reads of another key; `""` if nothing. */
  source(key: string): string;
  readonly ingress: Ingress;
  readonly site: Site;
  readonly defaults: ControllerDefaults;
  readonly gateway: TargetGateway;
}

/** Compares what a key does there and here. Undefined: the same. Never throws on account of a value. */
export type Rule = (context: RuleContext) => Judgement | undefined;

export type Rules = Readonly<Record<string, Rule>>;

export function same(text: string): Judgement {
  return { outcome: "same", text };
}

export function differs(text: string, set?: Readonly<Record<string, string>>): Judgement {
  return { outcome: "differs", text, ...(set !== undefined && { fix: { set } }) };
}

/** A whole number as the annotations have it, or undefined. */
export function whole(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Bytes of a size as NGINX writes it, or undefined. */
export function bytesOf(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,12})([bkmg]?)$/i.exec(text) ?? [];
  const factor = { "": 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
