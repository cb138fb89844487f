import type { MigrationReport, Outcome, Verdict } from "./report.ts";

export const OUTCOME_WORDS: Readonly<Record<Outcome | "unknown", string>> = {
  same: "same",
  differs: "differs",
  "no-effect": "no effect",
  refused: "refused",
  unknown: "unknown",
};

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  ready: "ready: it behaves the same here",
  look: "look: something differs",
  blocked: "blocked: something is refused",
};

/** The report in one line. */
export function summaryText({ ingresses, counts, controller }: MigrationReport): string {
  const { keys } = counts;
  const total = keys.same + keys.differs + keys["no-effect"] + keys.refused;
  const lost = counts.lost === 0 ? "" : ` ${plural(counts.lost, "protection is", "protections are")} lost.`;
  const settings =
    controller === undefined ? "" : ` ${plural(controller.settings.length, "setting")} of the controller.`;
  return `${plural(ingresses.length, "Ingress", "Ingresses")}: ${counts.ready} ready, ${counts.look} to look at, ${counts.blocked} blocked. ${plural(total, "annotation")}: ${keys.same} same, ${keys.differs} ${keys.differs === 1 ? "differs" : "differ"}, ${keys["no-effect"]} without effect, ${keys.refused} refused.${settings}${lost}`;
}

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** A value on one line, cut to a length that people read. */
export function shown(value: string, max = 100): string {
  const line = value.trim().replace(/\s+/g, " ");
  const chars = [...line.slice(0, max * 2)];
  return chars.length > max ? `${chars.slice(0, max).join("")}…` : line;
}
