import type { Route, VirtualHost } from "@sluice/model";
import { deepCondition, isDeeper } from "./choose-host.ts";
import { conditionFailure } from "./match-condition.ts";
import { pathMismatch } from "./match-path.ts";
import { orderReason } from "./order-reason.ts";
import type { SeenRequest } from "./request.ts";
import { percentWords } from "./words.ts";

/** Random numbers that a request can draw; shares are counted in them. */
export const MILLION = 1_000_000;

/** A route and how many of a million requests like this one it takes. */
export interface Taken {
  readonly route: Route;
  readonly millionths: number;
}

/**
 * Why a route takes nothing. `path`, `condition`: it does not match. `depth`: it does, but the host has more labels, or
 * fewer, than the route is for. `share`, `order`: it matches, but routes before it take the requests.
 */
export type LossKind = "path" | "condition" | "depth" | "share" | "order" | "host";

export interface Lost {
  readonly route: Route;
  readonly kind: LossKind;
  /** The deciding fact, as the end of a sentence. */
  readonly reason: string;
}

export interface Decision {
  /** In the order of the host; together with `unmatched` a million. */
  readonly taken: readonly Taken[];
  /** Requests that no route takes. */
  readonly unmatched: number;
  /** In the order of the host. */
  readonly lost: readonly Lost[];
}

/**
 * Goes through a host's routes as Envoy does: the first that matches decides. A request draws one random number for all
 * routes, which is not known here, so the result is a distribution: a route with a share takes what lies between the
 * largest share before it and its own.
 */
export function decide(host: VirtualHost, request: SeenRequest): Decision {
  const taken: Taken[] = [];
  const lost: Lost[] = [];
  const depthLoss = depthRule(host, request);
  let covered = 0;
  for (const route of host.routes) {
    const loss = depthLoss(route) ?? matchLoss(route, request);
    const below = Math.min(route.match.below ?? MILLION, MILLION);
    if (loss !== undefined) lost.push(loss);
    else if (below <= covered) lost.push(lateLoss(route, below, covered, taken.at(-1)?.route));
    else {
      taken.push({ route, millionths: below - covered });
      covered = below;
    }
  }
  return { taken, unmatched: MILLION - covered, lost };
}

function matchLoss(route: Route, request: SeenRequest): Lost | undefined {
  const mismatch = pathMismatch(route.match.path, request.path);
  if (mismatch !== undefined) return { route, kind: "path", reason: mismatch };
  for (const condition of route.match.conditions) {
    const failure = conditionFailure(condition, request);
    if (failure !== undefined) return { route, kind: "condition", reason: failure };
  }
  return undefined;
}

/** A route that matches, but whose share of random numbers is taken already. */
function lateLoss(route: Route, below: number, covered: number, before: Route | undefined): Lost {
  if (before === undefined) return { route, kind: "share", reason: "its share is 0 %" };
  if (covered === MILLION) return { route, kind: "order", reason: orderReason(before, route) };
  const share = percentWords(below / 10_000);
  return { route, kind: "share", reason: `its share ends at ${share}, which ${before.name} takes first` };
}

/**
 * How a wildcard host's guard splits its routes, in words: the guard's own pattern says little to a person. Hosts without
 * a guard lose nothing by it.
 */
function depthRule(host: VirtualHost, request: SeenRequest): (route: Route) => Lost | undefined {
  const deep = deepCondition(host);
  if (deep === undefined) return () => undefined;
  const deeper = isDeeper(host, request);
  const guard = JSON.stringify(deep);
  return (route) => {
    const guarded = route.match.conditions.some((condition) => JSON.stringify(condition) === guard);
    if (guarded && !deeper)
      return { route, kind: "depth", reason: `it is for hosts with more labels than ${host.host}` };
    if (!guarded && deeper && matchLoss(route, request) === undefined)
      return { route, kind: "depth", reason: `${host.host} stands for one label, ${request.host} has more` };
    return undefined;
  };
}
