import type { VirtualHost } from "@sluice/model";
import { hostReason, matchingHosts, misdirected, passedOn } from "./choose-host.ts";
import { competitors } from "./competitors.ts";
import { type Decision, decide, MILLION } from "./decide.ts";
import type { Explanation, HostChoice, Outcome } from "./explanation.ts";
import { pathMismatch } from "./match-path.ts";
import { outcomeOf, passedOutcome } from "./outcome.ts";
import { type ExplainRequest, readRequest, type SeenRequest } from "./request.ts";
import { WRITTEN_BY_GATEWAY } from "./request-headers.ts";
import type { GatewayView } from "./view.ts";
import { originWords } from "./words.ts";

/**
 * Says what the gateway does with a request, computed from the model alone. Agrees with Envoy 1.40 on the configuration
 * that the model becomes: the route of an outcome is the name that Envoy logs. Looks at the hosts that the request's
 * name can match and at nothing else. Never throws, whatever the request.
 */
export function explain(asked: ExplainRequest, view: GatewayView): Explanation {
  const { request, refused, notes } = readRequest(asked, view.trust);
  const base = { asked: { method: asked.method, url: asked.url } };
  if (request === undefined)
    return { ...base, ...(refused === undefined ? {} : { refused }), outcomes: [], competitors: [], notes };

  const [chosen, ...others] = matchingHosts(request.host, view);
  const passed = passedOn(request, asked.sni, view);
  if (passed !== undefined)
    return {
      ...base,
      request,
      ...hostOf(passed.host, request),
      outcomes: [passedOutcome(passed.host, passed.isDeeper, view)],
      competitors: [],
      notes,
    };
  const wrongChain = misdirected(request, asked.sni, chosen, view);
  const known = { ...base, request };
  if (wrongChain !== undefined)
    return {
      ...known,
      ...hostOf(chosen, request),
      outcomes: [answer(421, wrongChain)],
      competitors: [],
      notes,
    };
  if (chosen === undefined)
    return {
      ...known,
      outcomes: [answer(404, `no rule is for the host ${request.host}`)],
      competitors: [],
      notes,
    };

  const decision = decide(chosen, request);
  return {
    ...known,
    ...hostOf(chosen, request),
    outcomes: outcomesOf(decision, chosen, request, view),
    competitors: competitors(chosen, decision, others, request),
    notes: [...notes, ...unforeseeable(chosen, request), ...otherAnswers(decision, request, view)],
  };
}

function outcomesOf(
  decision: Decision,
  host: VirtualHost,
  request: SeenRequest,
  view: GatewayView,
): Outcome[] {
  const outcomes = decision.taken.map((taken) => outcomeOf(taken, host, request, view));
  if (decision.unmatched === 0) return outcomes;
  const reason = `no rule of ${host.host === "*" ? "those without a host" : host.host} matches`;
  return [...outcomes, answer(404, reason, decision.unmatched)];
}

function answer(status: number, reason: string, millionths = MILLION): Outcome {
  return {
    percent: millionths / 10_000,
    origins: [],
    action: { kind: "respond", status, reason },
    policies: [],
  };
}

function hostOf(chosen: VirtualHost | undefined, request: SeenRequest): { host?: HostChoice } {
  if (chosen === undefined) return {};
  const { host: name, origins, certificate } = chosen;
  return {
    host: {
      name,
      reason: hostReason(chosen, request),
      origins: origins.map(originWords),
      ...(certificate === undefined ? {} : { certificate }),
    },
  };
}

/** What may answer in place of the outcomes: the gateway's filters know more of a client than its request says. */
function otherAnswers({ taken }: Decision, request: SeenRequest, view: GatewayView): string[] {
  const { method, headers, scheme } = request;
  const sentences = taken.flatMap(({ route: { policies, action, httpAction } }) => {
    const isForwarded = action.kind === "forward" && (scheme === "https" || httpAction === undefined);
    return view.mayAnswer?.(policies, { method, headers, isForwarded }) ?? [];
  });
  return [...new Set(sentences)];
}

/** Says which headers decide that only the gateway knows. */
function unforeseeable(host: VirtualHost, request: SeenRequest): string[] {
  const names = host.routes
    .filter(({ match }) => pathMismatch(match.path, request.path) === undefined)
    .flatMap(({ match }) => match.conditions)
    .filter(
      ({ on, name, match }) => on === "header" && match.kind !== "present" && WRITTEN_BY_GATEWAY.has(name),
    )
    .map(({ name }) => name);
  return [...new Set(names)].map(
    (name) => `A condition looks at ${name}, which the gateway writes itself: it may turn out otherwise.`,
  );
}
