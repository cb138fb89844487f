import { defineFeature, escapeFormat, key, type RouteDraft, serviceNameType } from "@sluice/feature-api";
import { type BackendTarget, type ObjectRef, type Policies, targetKey } from "@sluice/model";
import type { HeaderValueOption } from "@sluice/protos";

const ID = "default-backend";

interface DefaultBackendPolicy {
  readonly target: BackendTarget;
  /** Set on a route whose own Service has no ready endpoint: what the default backend is told about it. */
  readonly standsInFor?: { readonly ingress: ObjectRef; readonly service: string; readonly port: string };
}

/** A Service that answers when the rule's own cannot. */
export const defaultBackend = defineFeature({
  id: ID,
  title: "Default backend",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "default-backend": key(serviceNameType, {
      doc: "A Service (its first port) that takes the traffic of a rule whose own Service has no ready endpoint. The path stays as it is; the headers X-Code: 503, X-Format, X-Original-URI, X-Namespace, X-Ingress-Name, X-Service-Name, X-Service-Port and X-Request-ID tell it why. If it has no ready endpoint either: 503.",
      example: "error-pages",
      default: "none: 503",
      nginx: "May be of another namespace, as namespace/service.",
    }),
  },
  parse: (values, context): DefaultBackendPolicy | undefined => {
    const found = values["default-backend"];
    if (found === undefined) return undefined;
    const { name, namespace = context.object.namespace } = found;
    if (context.references.service(namespace, name) === undefined)
      context.report.note("default-backend", {
        code: "service-missing",
        message: `The Service ${namespace}/${name}, which default-backend names, does not exist.`,
        expected: "the name of a Service",
      });
    return { target: { kind: "service", namespace, name, port: "first" } };
  },
  draftStage: "fallback",
  draft: (draft, { target }, context) => {
    const isReady = (each: BackendTarget): boolean => context.references.hasReadyEndpoint(each);
    if (draft.backends.some(({ backend, weight }) => weight > 0 && isReady(backend.target))) return draft;
    if (!isReady(target)) return draft;
    const own = draft.backends[0]?.backend.target;
    const policy: DefaultBackendPolicy = {
      target,
      standsInFor: {
        ingress: context.object,
        service: own?.kind === "service" ? own.name : "",
        port: portText(own),
      },
    };
    context.report.note("default-backend", {
      code: "service-no-endpoints",
      severity: "info",
      message: `The Service ${own === undefined ? "" : targetKey(own)} has no ready endpoint: the default backend ${targetKey(target)} takes its traffic.`,
    });
    return {
      ...draft,
      backends: [{ backend: context.backend(target), weight: 1 }],
      extraPolicies: { ...draft.extraPolicies, [ID]: policy },
    };
  },
  route: (out, policy) => {
    if (policy?.standsInFor === undefined) return;
    const { ingress, service, port } = policy.standsInFor;
    // Taken off before it is set: without an Accept nothing would overwrite what a client says of itself.
    out.requestHeadersToRemove = [...(out.requestHeadersToRemove ?? []), "X-Format"];
    out.requestHeadersToAdd = [
      ...(out.requestHeadersToAdd ?? []),
      setHeader("X-Code", "503"),
      // A header that the request lacks is left out.
      setHeader("X-Format", "%REQ(ACCEPT)%"),
      setHeader("X-Original-URI", "%REQ(:PATH)%"),
      setHeader("X-Namespace", escapeFormat(ingress.namespace)),
      setHeader("X-Ingress-Name", escapeFormat(ingress.name)),
      setHeader("X-Service-Name", escapeFormat(service)),
      setHeader("X-Service-Port", escapeFormat(port)),
      // X-Request-ID is on every request that the gateway forwards.
    ];
  },
});

/** True if the draft goes to the default backend, which gets the path as it came. */
export function goesToDefaultBackend(draft: RouteDraft): boolean {
  return draft.extraPolicies?.[ID] !== undefined;
}

/** The Service that the annotation names, if there is one that can be used. */
export function defaultBackendOf(policies: Policies): BackendTarget | undefined {
  // This feature alone writes the policy of its id.
  return (policies[ID] as DefaultBackendPolicy | undefined)?.target;
}

/** The port of a rule as X-Service-Port tells it. */
export function portText(target: BackendTarget | undefined): string {
  if (target === undefined || target.port === "first") return "";
  if (target.kind === "outside") return `${target.port}`;
  return "number" in target.port ? `${target.port.number}` : target.port.name;
}

function setHeader(name: string, value: string): HeaderValueOption {
  return { header: { key: name, value }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" };
}
