import { z } from "zod";

/** What the reference page says of a field beside its type. */
export interface FieldDoc {
  readonly doc: string;
  /** What holds where the field is left out, in words. */
  readonly whenAbsent: string;
}

/** The texts of every field that holds a value, by its schema. */
export const FIELD_DOCS: z.core.$ZodRegistry<FieldDoc> = z.registry<FieldDoc>();

/**
 * A field that may be left out. There is no default in the schema: whether something was left out matters for a reused gateway,
 * and an API server would write defaults into the object.
 */
function field<T extends z.ZodType>(schema: T, doc: string, whenAbsent: string) {
  const described = schema.describe(`${doc} Left out: ${whenAbsent}.`);
  FIELD_DOCS.add(described, { doc, whenAbsent });
  return described.optional();
}

/** The message of each schema is what was expected, as diagnostics say it. */
function text(expected: string) {
  return z.string({ error: expected });
}

function group<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, { error: "an object with fields" }).optional();
}

export const INSTANCE_SPECS = ["2c4g", "4c8g", "8c16g", "16c32g"] as const;
export const SLB_SPECS = [
  "slb.s1.small",
  "slb.s2.small",
  "slb.s2.medium",
  "slb.s3.small",
  "slb.s3.medium",
  "slb.s3.large",
] as const;
export const MAX_REPLICAS = 30;
/** What holds for fields that are left out, where that is a value. */
export const SPEC_DEFAULTS = {
  name: "mse-ingress",
  payType: "POSTPAY",
  instanceSpec: "4c8g",
  replicas: 3,
  slbSpec: "slb.s2.small",
  securityGroupType: "normal",
  xTraceSampleRate: "0",
  openTelemetrySampleRate: "100",
} as const;

const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}` });

const nonEmpty = (expected: string) => text(expected).min(1, { error: expected });

const PERCENT = 'a percentage from "0" to "100", as a text';
const percent = text(PERCENT).regex(/^(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)$/, { error: PERCENT });

const REPLICAS = `a whole number from 0 to ${MAX_REPLICAS}`;
const V_SWITCHES = "one or two ids, the primary one first";
const RANGES = "a list of addresses and CIDRs";
/** What an item of an address list has to be; checked where the list is used, since one bad item spoils the list. */
export const RANGE = "an IPv4 or IPv6 address or CIDR";

const slbSpec = (kind: string) =>
  field(
    oneOf(SLB_SPECS),
    `Size of the load balancer for ${kind} clients, passed on as an annotation of its Service. Naming it asks for such a load balancer.`,
    `${SPEC_DEFAULTS.slbSpec}, if there is such a load balancer`,
  );
const ranges = (doc: string) => field(z.array(text(RANGE), { error: RANGES }), doc, "no list");
const sampleRate = (whenAbsent: string) =>
  field(percent, "How many of all requests are traced, in percent.", `"${whenAbsent}"`);

const tracing = group({
  xTrace: group({ sampleRate: sampleRate(SPEC_DEFAULTS.xTraceSampleRate) }),
  openTelemetry: group({ sampleRate: sampleRate(SPEC_DEFAULTS.openTelemetrySampleRate) }),
});

const common = group({
  pay: group({
    payType: field(
      oneOf([SPEC_DEFAULTS.payType]),
      "How the gateway is paid for. Accepted, without effect here.",
      SPEC_DEFAULTS.payType,
    ),
  }),
  instance: group({
    spec: field(oneOf(INSTANCE_SPECS), "CPU and memory of one Envoy.", SPEC_DEFAULTS.instanceSpec),
    replicas: field(
      z.int({ error: REPLICAS }).min(0, { error: REPLICAS }).max(MAX_REPLICAS, { error: REPLICAS }),
      "How many Envoys there are.",
      String(SPEC_DEFAULTS.replicas),
    ),
  }),
  network: group({
    vSwitches: field(
      z
        .array(nonEmpty(V_SWITCHES), { error: V_SWITCHES })
        .min(1, { error: V_SWITCHES })
        .max(2, { error: V_SWITCHES }),
      "Virtual switches of the cloud, one or two, the primary one first. The primary one becomes an annotation of the load balancer's Service.",
      "the one that the cloud chooses",
    ),
    publicSLBSpec: slbSpec("public"),
    privateSLBSpec: slbSpec("private"),
  }),
  securityGroupType: field(
    oneOf([SPEC_DEFAULTS.securityGroupType, "enterprise"]),
    "Kind of security group of the cloud. Accepted; pods get theirs from their nodes, so it has no effect here.",
    SPEC_DEFAULTS.securityGroupType,
  ),
});

const global = group({
  tls: group({
    enableHardwareAcceleration: field(
      z.boolean({ error: "true or false" }),
      "TLS private key operations by instructions of the processor. Where Envoy or the machine lacks them, it serves without.",
      "true",
    ),
  }),
  ipAccessControl: group({
    whitelist: ranges(
      "Addresses and CIDRs of clients; all others get 403. The lowest level: lists of a domain or a route replace it.",
    ),
    blacklist: ranges("Addresses and CIDRs of clients that get 403. Asked before the whitelist."),
  }),
});

const monitor = group({
  logging: group({
    sls: group({
      reuseProject: field(
        text('the name of a project, or "" for the default one'),
        "The key turns the access log on, whatever its value. It is written to the standard output of Envoy, as JSON; the log service itself is not written to.",
        "as the controller's --access-log says",
      ),
    }),
  }),
  tracing,
});

/** The spec of a MseIngressConfig. Messages are what was expected; what is left out is absent, never a default. */
export const MseIngressConfigSpec = z.strictObject({
  name: field(nonEmpty("a name"), "Name of the gateway for people.", SPEC_DEFAULTS.name),
  id: field(
    text("an id that begins with gw-").regex(/^gw-.+$/, { error: "an id that begins with gw-" }),
    "A gateway that exists and is reused: no data plane is made, and none is deleted with this resource.",
    "a gateway is made",
  ),
  override: field(
    z.boolean({ error: "true or false" }),
    "Only with id. true: what the gateway listens to, its hardware acceleration, address lists and observability become what this resource says, and are reset where it says nothing. false: they stay; a gateway that is not bound yet is bound, with the listening options of this resource.",
    "false",
  ),
  common,
  global,
  monitor,
  ingress: group({
    local: group({
      ingressClass: field(
        text('the name of a class, or "" for every Ingress'),
        'Which Ingresses are listened to: those of this class; "": every Ingress; nginx: also those without a class. IngressClasses whose parameters point at this resource are listened to in any case.',
        "only those IngressClasses",
      ),
      watchNamespace: field(
        text('the name of a namespace, or "" for all'),
        "Only Ingresses of this namespace.",
        "all namespaces",
      ),
    }),
  }),
});
export type MseIngressConfigSpec = z.infer<typeof MseIngressConfigSpec>;
