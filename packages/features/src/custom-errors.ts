import {
  bool,
  defineFeature,
  integerType,
  key,
  listType,
  type ParseContext,
  type ValueType,
} from "@sluice/feature-api";
import type { ObjectRef } from "@sluice/model";
import { defaultBackendOf, goesToDefaultBackend, portText } from "./default-backend.ts";
import { errorPagesFilters, setErrorPages } from "./support/error-pages-filters.ts";

const ID = "custom-errors";

interface CustomErrorsPolicy {
  /** Ascending, each once. */
  readonly codes: readonly number[];
  /** Whose setting it is: a canary has that of its main rule. */
  readonly ingress: ObjectRef;
  /** The Service of the route, as the error pages are told it. */
  readonly service?: { readonly name: string; readonly port: string };
}

const codesType: ValueType<readonly number[]> = listType(integerType(400, 599));

/** Pages of the user's own in place of errors. */
export const customErrors = defineFeature({
  id: ID,
  title: "Custom errors",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "custom-http-errors": key(codesType, {
      doc: "Codes from 400 to 599. An answer of the backend with one of them, or the gateway's own for these rules, is replaced by that of `default-backend`, whatever its status, which is asked with the same method, the path / and no body. The headers X-Code, X-Format, X-Original-URI, X-Namespace, X-Ingress-Name, X-Service-Name, X-Service-Port and X-Request-ID tell it what happened. A refusal by authentication, an IP list or the WAF stays. One bad code spoils the value.",
      example: "404,503",
      default: "answers stay as they are",
      nginx:
        "A refusal by authentication, an IP list or the WAF is never replaced. The body of the request is not passed on, and a gRPC call is told its error as grpc-status, with the status 200.",
    }),
    "disable-proxy-intercept-errors": bool({
      doc: "With true `custom-http-errors` is off.",
      example: "true",
      default: "false",
    }),
  },
  parse: (values, context): CustomErrorsPolicy | undefined => {
    const codes = values["custom-http-errors"] ?? [];
    if (codes.length === 0 || values["disable-proxy-intercept-errors"] === true) return undefined;
    reportAlone(context);
    return { codes: [...new Set(codes)].sort((a, b) => a - b), ingress: context.object };
  },
  // Behind all that says where the route goes, and whether it goes anywhere.
  draftStage: "respond",
  draft: (draft, policy, context) => {
    const target = defaultBackendOf(context.policies);
    // What the default backend answers in its own place is not replaced.
    if (target === undefined || draft.answer !== undefined || goesToDefaultBackend(draft)) return draft;
    const own = draft.backends[0]?.backend.target;
    const service = { name: own?.kind === "service" ? own.name : "", port: portText(own) };
    return {
      ...draft,
      errorPages: { backend: context.backend(target), codes: policy.codes },
      extraPolicies: { ...draft.extraPolicies, [ID]: { ...policy, service } satisfies CustomErrorsPolicy },
    };
  },
  requires: ["envoy.extensions.filters.http.lua.v3.Lua"],
  edgeFilters: errorPagesFilters,
  route: (out, policy, { errorPagesCluster: cluster }) => {
    if (policy === undefined || cluster === undefined) return;
    const { codes, ingress, service } = policy;
    const tell = {
      "x-namespace": ingress.namespace,
      "x-ingress-name": ingress.name,
      "x-service-name": service?.name ?? "",
      "x-service-port": service?.port ?? "",
    };
    setErrorPages(out, { codes, cluster, tell });
  },
});

function reportAlone({ isSet, report }: ParseContext): void {
  if (isSet("default-backend")) return;
  report.note("custom-http-errors", {
    code: "annotation-no-effect",
    message: "custom-http-errors has no effect without default-backend: nobody is named who answers instead.",
    hint: "Set default-backend to a Service that has the pages.",
  });
}
