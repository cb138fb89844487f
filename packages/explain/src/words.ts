import type {
  BackendTarget,
  ErrorPages,
  LoadAssignmentEndpoint,
  Mirror,
  ObjectRef,
  Origin,
  Route,
  RouteAction,
} from "@sluice/model";
import { displayName } from "@sluice/model";
import { conditionWords } from "./match-condition.ts";
import { pathWords } from "./match-path.ts";

/** All that a route demands: `prefix /foo, header x-canary must be "always", 10 % of requests`. */
export function matchWords({ match }: Pick<Route, "match">): string {
  return [
    pathWords(match.path),
    ...match.conditions.map(conditionWords),
    ...(match.below === undefined ? [] : [`random number below ${percentWords(match.below / 10_000)}`]),
  ].join(", ");
}

/** `12.5 %`, with as many digits as it takes, four at most. */
export function percentWords(percent: number): string {
  return `${Number(percent.toFixed(4))} %`;
}

/** `Ingress shop/web`. */
export function objectWords(object: ObjectRef): string {
  return `${object.kind} ${displayName(object)}`;
}

/** `Ingress shop/web, spec.rules[0].http.paths[1]`. */
export function originWords({ object, field }: Origin): string {
  return field === undefined ? objectWords(object) : `${objectWords(object)}, ${field}`;
}

/** `Service shop/web, port 80`, `host copies.example.com, port 443`. */
export function targetWords(target: BackendTarget): string {
  if (target.kind === "outside") return `host ${target.host}, port ${target.port}`;
  const { namespace, name, port } = target;
  const which =
    port === "first" ? "first port" : "number" in port ? `port ${port.number}` : `port ${port.name}`;
  return `Service ${namespace}/${name}, ${which}`;
}

function mirrorWords(mirror: Mirror | undefined): string {
  if (mirror === undefined) return "";
  const { backend, percent, host } = mirror;
  const share = percent < 100 ? `${percentWords(percent)} ` : "";
  return `, copies ${share}to ${backend.name}${host === undefined ? "" : ` as host ${host}`}`;
}

function errorPagesWords(pages: ErrorPages | undefined): string {
  return pages === undefined ? "" : `, ${pages.codes.join(", ")} answered by ${pages.backend.name}`;
}

/** What an action does, without a request to do it to. */
export function actionWords(action: RouteAction): string {
  switch (action.kind) {
    case "forward": {
      const [only, ...others] = action.backends;
      const beside = `${mirrorWords(action.mirror)}${errorPagesWords(action.errorPages)}`;
      if (only !== undefined && others.length === 0) return `forward to ${only.backend.name}${beside}`;
      return `forward to ${action.backends.map(({ backend, weight }) => `${backend.name} (${weight})`).join(", ")}${beside}`;
    }
    case "redirect": {
      const { status, scheme, host, port, path } = action;
      const to = [
        ...(scheme === undefined ? [] : [scheme]),
        ...(host === undefined ? [] : [`host ${host}`]),
        ...(port === undefined ? [] : [`port ${port}`]),
        ...(path === undefined ? [] : [`path ${path}`]),
        ...(action.keepPort ? ["the same port"] : []),
        ...(action.stripQuery ? ["no query"] : []),
      ];
      return `redirect ${status} to ${to.length === 0 ? "the same URL" : to.join(", ")}`;
    }
    case "respond":
      return `answer ${action.status}: ${action.reason}`;
  }
}

/** `10.0.0.1:8080`, `[fd00::1]:8080`. */
export function endpointWords({ address, port }: Pick<LoadAssignmentEndpoint, "address" | "port">): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
