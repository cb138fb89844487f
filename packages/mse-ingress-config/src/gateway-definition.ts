import type {
  Diagnostic,
  GatewayDefinition,
  GatewaySettings,
  ListeningRules,
  MseIngressConfig,
  ObjectRef,
} from "@sluice/model";
import { isBad } from "./field-state.ts";
import { ipAccess } from "./ip-access.ts";
import { about, type ReadSpec, readSpec } from "./read-spec.ts";
import { tracing } from "./tracing.ts";

/** What a MseIngressConfig asks of the control plane. */
export interface DefinedGateway {
  /** Absent: it cannot be told which gateway is meant, and no earlier one is known. */
  readonly definition: GatewayDefinition | undefined;
  /** Everything there is to say about the spec, the parts of the data plane included. */
  readonly diagnostics: readonly Diagnostic[];
  /** Set if something of the spec is not in force: the resource is Failed, with this as its message. */
  readonly failed?: { readonly message: string };
}

/**
 * The gateway that a MseIngressConfig defines, over the settings of the process. A part that is wrong keeps what it was in `previous`,
 * the last result for this resource; an address list without one lets nobody in. Pure, and never throws.
 *
 * With `id` and without `override` everything but the binding stays what it was: `previous`, or for a gateway that is
 * not bound yet the settings of the process.
 */
export function gatewayDefinition(
  config: MseIngressConfig,
  base: GatewaySettings,
  previous?: GatewayDefinition,
): DefinedGateway {
  const { metadata, kind } = config;
  const object: ObjectRef = { kind, namespace: metadata.namespace, name: metadata.name };
  const read = readSpec(config);
  const access = ipAccess(read, object, previous?.settings.ipAccess);
  const traced = tracing(read, object, base, previous?.settings);
  const diagnostics = [
    ...read.diagnostics,
    ...access.diagnostics,
    ...traced.diagnostics,
    ...remarks(read, object),
    ...reuse(read, object),
  ];
  const wanted: GatewayDefinition = {
    name: metadata.name,
    listens: listeningRules(read, metadata.name, previous?.listens),
    settings: {
      ...base,
      ...(access.access !== undefined && { ipAccess: access.access }),
      ...(traced.tracing !== undefined && { tracing: traced.tracing }),
      accessLog: accessLog(read, base, previous),
    },
  };
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return {
    definition: inForce(read, wanted, base, previous),
    diagnostics,
    ...(errors.length > 0 && { failed: { message: summary(errors) } }),
  };
}

/** Sentences in a message for people; a list can hold thousands of bad items, and an object has a bounded size. */
const MAX_SENTENCES = 3;

function summary(errors: readonly Diagnostic[]): string {
  const sentences = errors.slice(0, MAX_SENTENCES).map(({ message }) => message);
  const more = errors.length - sentences.length;
  return [...sentences, ...(more > 0 ? [`And ${more} more.`] : [])].join(" ");
}

/** What of the wanted definition takes effect, by `id` and `override`. */
function inForce(
  read: ReadSpec,
  wanted: GatewayDefinition,
  base: GatewaySettings,
  previous: GatewayDefinition | undefined,
): GatewayDefinition | undefined {
  if (isBad(read, "id")) return previous;
  if (read.spec.id === undefined || read.spec.override === true) return wanted;
  return previous ?? { ...wanted, settings: base };
}

function listeningRules(read: ReadSpec, name: string, previous: ListeningRules | undefined): ListeningRules {
  const { ingressClass, watchNamespace } = read.spec.ingress?.local ?? {};
  const aClass = isBad(read, "ingress.local.ingressClass") ? previous?.ingressClass : ingressClass;
  const aNamespace = isBad(read, "ingress.local.watchNamespace") ? previous?.namespace : watchNamespace;
  return {
    config: name,
    ...(aClass !== undefined && { ingressClass: aClass }),
    ...(aNamespace !== undefined && aNamespace !== "" && { namespace: aNamespace }),
  };
}

const ACCESS_LOG_FIELD = "monitor.logging.sls.reuseProject";

/** The key alone turns it on; the process may have it on already. */
function accessLog(
  read: ReadSpec,
  base: GatewaySettings,
  previous: GatewayDefinition | undefined,
): GatewaySettings["accessLog"] {
  if (isBad(read, ACCESS_LOG_FIELD)) return previous?.settings.accessLog ?? base.accessLog;
  return read.spec.monitor?.logging?.sls?.reuseProject === undefined ? base.accessLog : "json";
}

/** Fields that are understood, and do less here than their name says. */
function remarks({ spec }: ReadSpec, object: ObjectRef): Diagnostic[] {
  const found: Diagnostic[] = [];
  const say = (field: string, sentence: string): void => {
    const place = about(field, object);
    found.push({
      code: "config-no-effect",
      severity: "info",
      ...place,
      message: `${place.key}: ${sentence}`,
    });
  };
  if (spec.global?.tls?.enableHardwareAcceleration === true)
    say(
      "global.tls.enableHardwareAcceleration",
      "Envoy has no provider for private key operations here; TLS is served without acceleration.",
    );
  if (spec.monitor?.logging?.sls?.reuseProject !== undefined)
    say(
      ACCESS_LOG_FIELD,
      "the access log is on, as JSON on the standard output of Envoy; the log service itself is not written to.",
    );
  if (spec.common?.securityGroupType !== undefined)
    say("common.securityGroupType", "pods get the security group of their nodes; the field has no effect.");
  if (spec.override !== undefined && spec.id === undefined)
    say("override", "without spec.id there is no gateway to take over; the field has no effect.");
  return found;
}

/** What `override` decides about; each is reset or stays as a whole. */
const GOVERNED: readonly (readonly [field: string, isSet: (spec: ReadSpec["spec"]) => boolean])[] = [
  ["ingress.local.ingressClass", (spec) => spec.ingress?.local?.ingressClass !== undefined],
  ["ingress.local.watchNamespace", (spec) => spec.ingress?.local?.watchNamespace !== undefined],
  [
    "global.tls.enableHardwareAcceleration",
    (spec) => spec.global?.tls?.enableHardwareAcceleration !== undefined,
  ],
  ["global.ipAccessControl.whitelist", (spec) => spec.global?.ipAccessControl?.whitelist !== undefined],
  ["global.ipAccessControl.blacklist", (spec) => spec.global?.ipAccessControl?.blacklist !== undefined],
  [ACCESS_LOG_FIELD, (spec) => spec.monitor?.logging?.sls?.reuseProject !== undefined],
  [
    "monitor.tracing",
    ({ monitor }) => (monitor?.tracing?.xTrace ?? monitor?.tracing?.openTelemetry) !== undefined,
  ],
];

/** For a reused gateway: what is reset because it is left out, or has no effect because the gateway keeps its own. */
function reuse(read: ReadSpec, object: ObjectRef): Diagnostic[] {
  const { id, override } = read.spec;
  if (id === undefined) return [];
  if (override === true) {
    const left = GOVERNED.filter(([field, isSet]) => !isSet(read.spec) && !isBad(read, field));
    const fields = left.map(([field]) => field).join(", ");
    if (fields === "") return [];
    const message = `spec.override is true: the gateway ${id} loses what this resource leaves out: ${fields}.`;
    return [
      { code: "config-reset", severity: "warning", ...about("override", object), message, value: fields },
    ];
  }
  // The listening options count for a gateway that is not bound yet.
  const idle = GOVERNED.filter(([field, isSet]) => !field.startsWith("ingress.") && isSet(read.spec));
  return idle.map(([field]) => ({
    code: "config-no-effect",
    severity: "warning",
    ...about(field, object),
    message: `spec.${field} has no effect: the gateway ${id} is reused and spec.override is not true.`,
    hint: "Set spec.override to true if this resource is to decide about the gateway.",
  }));
}
