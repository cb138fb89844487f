import type { VirtualHost } from "@sluice/model";
import { isDeeper } from "./choose-host.ts";
import { type Decision, decide, type Lost } from "./decide.ts";
import type { Competitor } from "./explanation.ts";
import type { SeenRequest } from "./request.ts";
import { matchWords } from "./words.ts";

/** As many lines as a person reads. */
const LIMIT = 20;

/** The routes that did not take the request, those that came close first; grouped by reason where they are many. */
export function competitors(
  chosen: VirtualHost,
  decision: Decision,
  others: readonly VirtualHost[],
  request: SeenRequest,
): Competitor[] {
  const deeper = isDeeper(chosen, request);
  // Routes that only hosts with more labels can reach are no news for any other.
  const isGuard = (kind: Lost["kind"]): boolean => kind === "depth" && !deeper;
  const near = decision.lost.filter(({ kind }) => kind !== "path" && !isGuard(kind));
  const guards = decision.lost.filter(({ kind }) => isGuard(kind));
  const far = decision.lost.filter(({ kind }) => kind === "path");
  return [
    ...grouped(near, chosen, (lost) => lost.reason),
    ...lessSpecific(chosen, others, request),
    ...grouped(guards, chosen, (lost) => lost.reason, 1),
    ...grouped(far, chosen, () => `its path does not match ${request.path}`),
  ];
}

function grouped(
  lost: readonly Lost[],
  { host }: VirtualHost,
  reasonOf: (lost: Lost) => string,
  limit = LIMIT,
): Competitor[] {
  const one = ({ route, kind, reason }: Lost, count: number): Competitor => ({
    host,
    kind,
    route: route.name,
    count,
    match: matchWords(route),
    reason,
  });
  if (lost.length <= limit) return lost.map((each) => one(each, 1));
  const groups = Map.groupBy(lost, reasonOf);
  const lines = [...groups].flatMap(([reason, [first, ...more]]) =>
    first === undefined
      ? []
      : [one({ ...first, reason: more.length === 0 ? first.reason : reason }, more.length + 1)],
  );
  if (lines.length <= LIMIT) return lines;
  const rest = lines.slice(LIMIT);
  const [first] = rest;
  const count = rest.reduce((sum, line) => sum + line.count, 0);
  return first === undefined
    ? lines
    : [...lines.slice(0, LIMIT), { ...first, count, reason: "they fail for reasons of their own" }];
}

/** What the hosts that were not chosen would have done; a host without a route for the request is left out. */
function lessSpecific(
  chosen: VirtualHost,
  others: readonly VirtualHost[],
  request: SeenRequest,
): Competitor[] {
  return others.flatMap((host): Competitor[] => {
    const route = decide(host, request).taken[0]?.route;
    // The rules without a host are in force here as well; they have been looked at.
    if (route === undefined || chosen.routes.some(({ name }) => name === route.name)) return [];
    const subject = host.host === "*" ? "a rule without a host" : `the host ${host.host}`;
    const reason = `${subject} is less specific than ${chosen.host}, and once a host is chosen no other is tried`;
    return [{ host: host.host, kind: "host", route: route.name, count: 1, match: matchWords(route), reason }];
  });
}
