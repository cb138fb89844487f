import { bool, defineFeature, key, ROUTE_LOG, textType } from "@sluice/feature-api";
import { type Route, struct } from "@sluice/protos";

interface ObservabilityPolicy {
  /** Requests are left out of the access log. */
  readonly silent: boolean;
  readonly tracing?: boolean;
  readonly spanName?: string;
}

const NAME = "text of at most 200 characters, without control characters and NGINX variables";

const spanNameType = textType(NAME, (text) => (/^[^\p{C}$]{1,200}$/u.test(text) ? undefined : NAME));

const NONE = { numerator: 0 };

/** Access log and tracing of single routes. What the gateway does is a setting of its own. */
export const observability = defineFeature({
  id: "observability",
  title: "Access log and tracing",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "enable-access-log": bool({
      doc: "With false the requests of the rules are left out of the gateway's access log. It turns no log on that the gateway does not have.",
      example: "false",
      default: "true",
    }),
    "enable-opentelemetry": bool({
      doc: "With false the requests of the rules are not traced. With true they are, at the gateway's rate, or all of them if that is 0; the gateway needs a collector.",
      example: "false",
      default: "as the gateway does",
    }),
    "opentelemetry-trust-incoming-span": bool({
      doc: "A trace that the client brings along is always gone on with: false has no effect, and is reported.",
      example: "true",
      default: "true",
      nginx: "With false ingress-nginx begins a trace of its own; here the client's is gone on with.",
    }),
    "opentelemetry-operation-name": key(spanNameType, {
      doc: "The name of the gateway's spans for the rules. Literal.",
      example: "checkout",
      default: "ingress",
      nginx: "NGINX variables are refused.",
    }),
  },
  parse: (values, { report }): ObservabilityPolicy | undefined => {
    if (values["opentelemetry-trust-incoming-span"] === false)
      report.note("opentelemetry-trust-incoming-span", {
        code: "annotation-no-effect",
        message:
          "A trace that the client brings along is always gone on with: opentelemetry-trust-incoming-span has no effect.",
        hint: "With enable-opentelemetry false the requests are not traced at all.",
      });
    const silent = values["enable-access-log"] === false;
    const tracing = values["enable-opentelemetry"];
    const spanName = values["opentelemetry-operation-name"];
    if (!silent && tracing === undefined && spanName === undefined) return undefined;
    return { silent, ...(tracing !== undefined && { tracing }), ...(spanName !== undefined && { spanName }) };
  },
  route: (out, policy) => {
    if (policy !== undefined) observe(out, policy);
  },
  answers: (route, policy) => {
    if (policy === undefined) return [route];
    const out = { ...route };
    observe(out, policy);
    return [out];
  },
});

function observe(out: Route, { silent, tracing, spanName }: ObservabilityPolicy): void {
  if (silent)
    out.metadata = {
      ...out.metadata,
      filterMetadata: { ...out.metadata?.filterMetadata, [ROUTE_LOG]: struct({ off: true }) },
    };
  if (tracing === false) out.tracing = { clientSampling: NONE, randomSampling: NONE, overallSampling: NONE };
  // Without a rate of the gateway's own there is nothing on its routes.
  if (tracing === true) out.tracing ??= { clientSampling: NONE, randomSampling: { numerator: 100 } };
  if (spanName !== undefined) out.decorator = { operation: spanName, propagate: { value: false } };
}
