import type {
  Cluster,
  ForwardAction,
  Mirror,
  ObjectRef,
  Policies,
  RedirectAction,
  Route,
  VirtualHost,
  WeightedBackend,
} from "@sluice/model";
import { objectKey } from "@sluice/model";
import type { Taken } from "./decide.ts";
import type { ActionOutcome, BackendOutcome, MirrorOutcome, Outcome, PolicyInForce } from "./explanation.ts";
import { redirectLocation } from "./redirect-location.ts";
import type { SeenRequest } from "./request.ts";
import { showable } from "./showable.ts";
import type { GatewayView } from "./view.ts";
import { actionWords, endpointWords, matchWords, originWords, targetWords } from "./words.ts";

/** What a route that takes the request does with it. */
export function outcomeOf(
  { route, millionths }: Taken,
  host: VirtualHost,
  request: SeenRequest,
  view: GatewayView,
): Outcome {
  const objects = route.origins.map(({ object }) => object);
  return {
    percent: millionths / 10_000,
    route: route.name,
    match: matchWords(route),
    origins: route.origins.map(originWords),
    action: actionOutcome(route, host, request, view),
    policies: policiesInForce(route.policies, objects, view),
  };
}

function actionOutcome(
  route: Route,
  host: VirtualHost,
  request: SeenRequest,
  view: GatewayView,
): ActionOutcome {
  const { action, httpAction } = route;
  const redirect = (to: RedirectAction) => ({
    kind: "redirect" as const,
    status: to.status,
    location: redirectLocation(to, request, host),
  });
  if (request.scheme === "http" && httpAction !== undefined)
    return { ...redirect(httpAction), overHttps: actionWords(action) };
  switch (action.kind) {
    case "forward": {
      const sum = action.backends.reduce((total, { weight }) => total + weight, 0);
      return {
        kind: "forward",
        backends: action.backends.map((each) => backendOutcome(each, sum, view)),
        ...(action.mirror && { mirror: mirrorOutcome(action.mirror, request, view) }),
        ...errorPagesOutcome(action, view),
      };
    }
    case "redirect":
      return redirect(action);
    case "respond":
      return { kind: "respond", status: action.status, reason: action.reason };
  }
}

/** What becomes of a TLS connection that names a host whose TLS is passed on; `isDeeper`: than its wildcard stands for. */
export function passedOutcome(host: VirtualHost, isDeeper: boolean, view: GatewayView): Outcome {
  const { backend, origins = [] } = host.passthrough ?? {};
  const closed = isDeeper
    ? `${host.host} stands for exactly one label`
    : "no rule of the host has the path / and a Service";
  const action: ActionOutcome =
    backend === undefined || isDeeper
      ? { kind: "passthrough", reason: closed }
      : { kind: "passthrough", backend: backendOutcome({ backend, weight: 1 }, 1, view) };
  return { percent: 100, origins: origins.map(originWords), action, policies: [] };
}

function mirrorOutcome(mirror: Mirror, { scheme }: SeenRequest, view: GatewayView): MirrorOutcome {
  const { backend, httpsBackend = backend, percent, host } = mirror;
  return {
    percent,
    ...(host !== undefined && { host }),
    backend: backendOutcome({ backend: scheme === "https" ? httpsBackend : backend, weight: 1 }, 1, view),
  };
}

function errorPagesOutcome({ errorPages }: ForwardAction, view: GatewayView) {
  if (errorPages === undefined) return {};
  const { backend, codes } = errorPages;
  const fault = backendFault(view.cluster(backend.name), view.loadAssignment(backend.name)?.endpoints ?? []);
  return { errorPages: { codes, by: targetWords(backend.target), ...(fault !== undefined && { fault }) } };
}

function backendOutcome(
  { backend, weight }: WeightedBackend,
  sum: number,
  view: GatewayView,
): BackendOutcome {
  const cluster = view.cluster(backend.name);
  const endpoints = view.loadAssignment(backend.name)?.endpoints ?? [];
  const fault = backendFault(cluster, endpoints);
  return {
    cluster: backend.name,
    percent: sum === 0 ? 0 : (weight / sum) * 100,
    target: targetWords(backend.target),
    ...(cluster === undefined ? {} : { protocol: cluster.protocol }),
    endpoints: endpoints.map(({ address, port, health, zone }) => ({
      address: endpointWords({ address, port }),
      health,
      ...(zone === undefined ? {} : { zone }),
    })),
    ...(fault === undefined ? {} : { fault }),
    policies: policiesInForce(
      cluster?.policies ?? {},
      (cluster?.origins ?? []).map(({ object }) => object),
      view,
    ),
  };
}

function backendFault(
  cluster: Cluster | undefined,
  endpoints: readonly { readonly health: string }[],
): string | undefined {
  if (cluster === undefined) return "there is no such cluster";
  if (endpoints.length === 0) return "it has no ready endpoint";
  return endpoints.some(({ health }) => health === "healthy") ? undefined : "all its endpoints are draining";
}

function policiesInForce(
  policies: Policies,
  objects: readonly ObjectRef[],
  view: GatewayView,
): PolicyInForce[] {
  const distinct = [...new Map(objects.map((object) => [objectKey(object), object])).values()];
  return Object.entries(policies)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([feature, policy]) => ({
      feature,
      value: showable(view.showPolicy === undefined ? policy : view.showPolicy(feature, policy)) ?? null,
      annotations: distinct.flatMap((object) => view.annotations?.(object, feature) ?? []),
    }));
}
