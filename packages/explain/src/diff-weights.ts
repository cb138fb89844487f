import type { Route, VirtualHost } from "@sluice/model";
import type { WeightChange } from "./change.ts";
import { MILLION } from "./decide.ts";
import { conditionWords } from "./match-condition.ts";
import { pathWords } from "./match-path.ts";
import { ruleName } from "./rule-name.ts";

interface Weight {
  readonly rule: string;
  readonly canary: string;
  readonly percent: number;
}

/** Canaries whose share by weight is another one, on a host that stays. */
export function diffWeights(before: VirtualHost, after: VirtualHost): WeightChange[] {
  const [old, young] = [weightsOf(before), weightsOf(after)];
  return [...new Set([...old.keys(), ...young.keys()])].flatMap((key): WeightChange[] => {
    const [was, is] = [old.get(key), young.get(key)];
    const known = is ?? was;
    const [from, to] = [was?.percent ?? 0, is?.percent ?? 0];
    if (known === undefined || from === to) return [];
    const { rule, canary } = known;
    return [{ kind: "weight", host: after.host, rule, canary, before: from, after: to }];
  });
}

/** A canary's share is what lies between the largest of its rule before it and its own. */
function weightsOf({ host, routes }: VirtualHost): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  const reached = new Map<string, number>();
  for (const route of routes) {
    const name = ruleName(route);
    if (name?.part !== "weight") continue;
    const below = route.match.below ?? MILLION;
    const share = below - (reached.get(name.main) ?? 0);
    reached.set(name.main, below);
    const rule = ruleWords(host, route);
    const canary = canaryIngress(route, name.canary ?? "");
    // Not by the rule's number, which changes when a rule is put before it.
    weights.set(`${rule}\u0000${canary}`, { rule, canary, percent: share / 10_000 });
  }
  return weights;
}

function canaryIngress(route: Route, name: string): string {
  const [first] = route.origins;
  const namespace = first?.object.namespace ?? route.name.split("/")[0] ?? "";
  return `${namespace}/${name}`;
}

function ruleWords(host: string, { match }: Route): string {
  const isPlain = match.path.kind === "prefix" && !match.path.ignoreCase;
  const place = isPlain ? `${host}${match.path.value}` : `${host} ${pathWords(match.path)}`;
  return [place, ...match.conditions.map(conditionWords)].join(", ");
}
