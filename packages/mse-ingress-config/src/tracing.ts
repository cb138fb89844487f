import type { Diagnostic, GatewaySettings, ObjectRef, TracingSettings } from "@sluice/model";
import { isBad } from "./field-state.ts";
import { about, type ReadSpec } from "./read-spec.ts";
import { SPEC_DEFAULTS } from "./schema.ts";

const FIELD = "monitor.tracing";

/**
 * The tracing of a spec. Both kinds at once, or a rate that cannot be used, leave it as it was, at first off. Asked for without a collector it
 * stays off, which is said. Off is a rate of 0, and the service name that of the resource, which stays: so the tracer is the
 * same, and no connection ends when something of it changes.
 */
export function tracing(
  read: ReadSpec,
  object: ObjectRef,
  base: GatewaySettings,
  previous: GatewaySettings | undefined,
): { readonly tracing: TracingSettings | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const { xTrace, openTelemetry } = read.spec.monitor?.tracing ?? {};
  const serviceName = read.spec.name ?? object.name;
  const off = base.tracingCollector === undefined ? undefined : { serviceName, samplePercent: 0 };
  const asBefore = previous?.tracing ?? off;
  if (xTrace !== undefined && openTelemetry !== undefined)
    return { tracing: asBefore, diagnostics: [conflict(object)] };
  if (["xTrace", "openTelemetry"].some((one) => isBad(read, `${FIELD}.${one}.sampleRate`)))
    return { tracing: asBefore, diagnostics: [] };
  const kind = xTrace === undefined ? "openTelemetry" : "xTrace";
  const asked = xTrace ?? openTelemetry;
  if (base.tracingCollector === undefined)
    return { tracing: undefined, diagnostics: asked === undefined ? [] : [noCollector(kind, object)] };
  const whenAbsent =
    kind === "xTrace" ? SPEC_DEFAULTS.xTraceSampleRate : SPEC_DEFAULTS.openTelemetrySampleRate;
  const rate = asked === undefined ? "0" : (asked.sampleRate ?? whenAbsent);
  return {
    tracing: { serviceName: object.name, samplePercent: Number(rate) },
    diagnostics: [],
  };
}

function conflict(object: ObjectRef): Diagnostic {
  const place = about(FIELD, object);
  return {
    code: "config-conflict",
    severity: "error",
    ...place,
    message: `${place.key} has both xTrace and openTelemetry, expected one of them; tracing stays as it was.`,
    expected: "xTrace or openTelemetry",
  };
}

function noCollector(kind: string, object: ObjectRef): Diagnostic {
  const place = about(`${FIELD}.${kind}`, object);
  return {
    code: "config-no-effect",
    severity: "warning",
    ...place,
    message: `${place.key} has no effect: the controller has no --tracing-collector to send spans to.`,
    hint: "Start the controller with --tracing-collector HOST:PORT of a collector that takes OTLP over gRPC.",
  };
}
