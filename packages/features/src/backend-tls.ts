import {
  type ClusterTls,
  defineFeature,
  enumType,
  integerType,
  type KeyInfo,
  key,
  ok,
  type ParseContext,
  raw,
  textType,
  type ValueResult,
  type Values,
  type ValueType,
} from "@sluice/feature-api";
import { MSE_CIPHERS, TLS_VERSIONS } from "@sluice/model";
import type { CertificateValidationContext, TlsParameters_TlsProtocol } from "@sluice/protos";
import { backendProtocolType, usesTls } from "./support/backend-protocols.ts";
import { caBundle } from "./support/ca-bundle.ts";
import { type TlsVersions, tlsCiphers, tlsVersionsType } from "./support/tls-values.ts";

interface BackendTlsPolicy {
  /** True: TLS, although no `backend-protocol` says so. */
  readonly implied: boolean;
  /** Name of the certificate to show. */
  readonly certificate?: string;
  /** Absent: any certificate is believed. */
  readonly verify?: { readonly ca: string; readonly depth: number };
  /** Absent: the host that the backend gets. */
  readonly name?: string;
  readonly sni: boolean;
  readonly versions?: Pick<TlsVersions, "min" | "max">;
  readonly ciphers: readonly string[];
}

/** A key whose bad value is no bad protection: the feature reports it, and goes on without. */
function lenient<T>(type: ValueType<T>, info: KeyInfo) {
  const tolerant: ValueType<ValueResult<T>> = { ...type, parse: (text) => ok(type.parse(text)) };
  return key(tolerant, info);
}

const ON_OFF = enumType(["on", "off"]);

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[-A-Za-z0-9_]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[-A-Za-z0-9_]*[A-Za-z0-9])?)*$/;
const hostNameType = textType("a host name, without variables", (text) =>
  HOST_NAME.test(text) && !/^[0-9.]+$/.test(text) ? undefined : "a host name, without variables",
);

const WITHOUT_SECRET = "ingress-nginx ignores it without `proxy-ssl-secret`.";

const KEYS = {
  "proxy-ssl-secret": raw({
    doc: "A Secret, as `[namespace/]name`, for TLS to the backend: `tls.crt` and `tls.key`, if there, are the certificate that the gateway shows; `ca.crt` is what `proxy-ssl-verify` verifies against. Without `backend-protocol` it means HTTPS. A Secret that cannot be used is reported; the connection stays TLS.",
    example: "backend-client",
    default: "no client certificate",
    nginx: "Without `backend-protocol` it means HTTPS; ingress-nginx stays on HTTP.",
  }),
  "proxy-ssl-verify": lenient(ON_OFF, {
    doc: "`on` verifies the backend's certificate: that it comes from `ca.crt` of `proxy-ssl-secret`, and that it is for `proxy-ssl-name`. Without a usable `ca.crt` the routes answer 503.",
    example: "off",
    default: "off",
    nginx: `${WITHOUT_SECRET} A name in the subject alone, not in the subject alternative names, does not count.`,
  }),
  "proxy-ssl-name": lenient(hostNameType, {
    doc: "The name that the backend's certificate is verified for, and that is sent as SNI.",
    example: "backend.example.com",
    default: "`upstream-vhost`, else the request's host",
    nginx: WITHOUT_SECRET,
  }),
  "proxy-ssl-server-name": lenient(ON_OFF, {
    doc: "`on` sends SNI: `proxy-ssl-name`.",
    example: "on",
    default: "off",
    nginx: WITHOUT_SECRET,
  }),
  "proxy-ssl-protocols": lenient(tlsVersionsType, {
    doc: "TLS versions, separated by blanks. SSL 2 and 3 cannot be used. Envoy takes a range: what lies between two versions is used too.",
    example: "TLSv1.2 TLSv1.3",
    default: "TLSv1.2 and TLSv1.3",
    nginx: `The default has TLSv1.3 too. ${WITHOUT_SECRET}`,
  }),
  "proxy-ssl-ciphers": raw({
    doc: "Cipher suites up to TLS 1.2 by their OpenSSL names, separated by colons or commas. Unknown names and expressions such as `HIGH:!aNULL` are dropped and reported; if none is left, or for `DEFAULT`, Envoy's own list counts.",
    example: "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384",
    default: "Envoy's own list",
    nginx: `Expressions of OpenSSL are not known. ${WITHOUT_SECRET}`,
  }),
  "proxy-ssl-verify-depth": lenient(integerType(0, 100), {
    doc: "The most certificates between the backend's own and one of `ca.crt`.",
    example: "2",
    default: "1",
    nginx: `Envoy is told, and yet accepts a longer chain to one of \`ca.crt\`. ${WITHOUT_SECRET}`,
  }),
};

type KeyName = keyof typeof KEYS;
type KeyValues = Values<typeof KEYS>;

/** TLS between the gateway and the pods of a Service. */
export const backendTls = defineFeature({
  id: "backend-tls",
  title: "TLS to the backend",
  scope: "service",
  // For proxy-ssl-verify. The other keys report bad values as ignored.
  onInvalid: "deny",
  keys: KEYS,

  parse: (values, context): BackendTlsPolicy | undefined => {
    const said = backendProtocolType.parse(context.text("backend-protocol"));
    const implied = !said.ok && values["proxy-ssl-secret"] !== undefined;
    if (!implied && !(said.ok && usesTls(said.value))) {
      reportWithoutTls(context);
      return undefined;
    }
    const versions = take("proxy-ssl-protocols", values["proxy-ssl-protocols"], context);
    reportVersions(versions, context);
    const name = take("proxy-ssl-name", values["proxy-ssl-name"], context);
    const sni = take("proxy-ssl-server-name", values["proxy-ssl-server-name"], context) === "on";
    const { certificate, verify } = trust(values, context);
    if (!sni && verify === undefined && name !== undefined)
      noEffect("proxy-ssl-name", "it needs proxy-ssl-server-name or proxy-ssl-verify", context);
    return {
      implied,
      ...(certificate !== undefined && { certificate }),
      ...(verify !== undefined && { verify }),
      ...(name !== undefined && { name }),
      sni,
      ...(versions !== undefined && { versions: { min: versions.min, max: versions.max } }),
      ciphers: ciphers(values["proxy-ssl-ciphers"], context),
    };
  },

  speaks: ({ implied }) => (implied ? { tls: true } : undefined),
  clientCertificate: ({ certificate }) => certificate,
  clusterTls,
});

/** The policy of a backend whose SNI is known, and whose certificate is believed whatever it is. */
export function sniPolicy(name: string): BackendTlsPolicy {
  return { implied: false, name, sni: true, ciphers: [] };
}

function clusterTls({ tls, http }: ClusterTls, policy: BackendTlsPolicy): void {
  const { name, sni, verify, versions, ciphers } = policy;
  const common = tls.commonTlsContext ?? {};
  const { min, max } = versions ?? { min: "TLSv1.2", max: "TLSv1.3" };
  // Envoy's own list has nothing that TLS 1.0 and 1.1 could use.
  const isOld = TLS_VERSIONS.indexOf(min) < TLS_VERSIONS.indexOf("TLSv1.2");
  const cipherSuites = ciphers.length === 0 && isOld ? MSE_CIPHERS : ciphers;
  tls.commonTlsContext = {
    ...common,
    tlsParams: {
      tlsMinimumProtocolVersion: PROTOCOLS[min],
      tlsMaximumProtocolVersion: PROTOCOLS[max],
      ...(cipherSuites.length > 0 && { cipherSuites }),
    },
    ...(verify !== undefined && { validationContext: validation(verify, name) }),
  };
  if (sni && name !== undefined) tls.sni = name;
  const byHost = {
    ...(sni && name === undefined && { autoSni: true }),
    ...(verify !== undefined && name === undefined && { autoSanValidation: true }),
  };
  if (Object.keys(byHost).length === 0) return;
  http.upstreamHttpProtocolOptions = { ...http.upstreamHttpProtocolOptions, ...byHost };
  // A session that is taken up again was verified for the host of another request.
  if (verify !== undefined) tls.maxSessionKeys = { value: 0 };
}

const PROTOCOLS: Readonly<Record<TlsVersions["min"], TlsParameters_TlsProtocol>> = {
  "TLSv1.0": "TLSv1_0",
  "TLSv1.1": "TLSv1_1",
  "TLSv1.2": "TLSv1_2",
  "TLSv1.3": "TLSv1_3",
};

function validation(
  { ca, depth }: NonNullable<BackendTlsPolicy["verify"]>,
  name: string | undefined,
): CertificateValidationContext {
  return {
    trustedCa: { inlineBytes: Buffer.from(ca) },
    maxVerifyDepth: { value: depth },
    ...(name !== undefined && {
      matchTypedSubjectAltNames: [{ sanType: "DNS", matcher: { exact: name } }],
    }),
  };
}

/** What the Secret gives: the certificate to show, and what to verify against. */
function trust(values: KeyValues, context: ParseContext): Pick<BackendTlsPolicy, "certificate" | "verify"> {
  const { report } = context;
  const references = context.referencesOf("proxy-ssl-secret");
  const text = values["proxy-ssl-secret"];
  const wanted = values["proxy-ssl-verify"];
  const secret = text === undefined ? undefined : references.secret(text);
  if (secret?.fault !== undefined) reportSecret(secret.fault, context);
  const data = secret?.found?.data ?? {};
  const hasPair = data["tls.crt"] !== undefined || data["tls.key"] !== undefined;
  const shown = text === undefined || !hasPair ? undefined : references.certificate(text);
  if (shown?.fault !== undefined) reportSecret(shown.fault, context);
  const certificate = shown?.name;
  const depth = take("proxy-ssl-verify-depth", values["proxy-ssl-verify-depth"], context);
  // Of two minds about a protection: closed, as whoever wrote it may have meant "on".
  if (wanted !== undefined && !wanted.ok) report.bad("proxy-ssl-verify", wanted.expected);
  const isWanted = wanted?.ok === true && wanted.value === "on";
  if (!isWanted && depth !== undefined)
    noEffect("proxy-ssl-verify-depth", "it needs proxy-ssl-verify", context);
  const ca = data["ca.crt"] === undefined ? undefined : caBundle(data["ca.crt"]);
  if (isWanted && ca === undefined)
    report.bad("proxy-ssl-verify", 'a proxy-ssl-secret whose Secret has certificates in PEM in "ca.crt"');
  return {
    ...(certificate !== undefined && { certificate }),
    ...(isWanted && ca !== undefined && { verify: { ca, depth: depth ?? 1 } }),
  };
}

/** A good value; a bad one is reported as ignored. */
function take<T>(name: KeyName, result: ValueResult<T> | undefined, context: ParseContext): T | undefined {
  if (result === undefined) return undefined;
  if (result.ok) return result.value;
  context.report.note(name, {
    message: `${name} has a value that cannot be used, and is ignored.`,
    expected: result.expected,
  });
  return undefined;
}

function ciphers(text: string | undefined, { report }: ParseContext): readonly string[] {
  if (text === undefined || text === "DEFAULT") return [];
  const { known, unknown } = tlsCiphers(text);
  for (const name of unknown)
    report.note("proxy-ssl-ciphers", {
      message: "proxy-ssl-ciphers names a cipher suite that Envoy does not have: it is dropped.",
      value: name,
      expected: "OpenSSL names of cipher suites, such as ECDHE-RSA-AES128-GCM-SHA256",
    });
  return known;
}

function reportVersions(versions: TlsVersions | undefined, { report }: ParseContext): void {
  for (const value of versions?.unusable ?? [])
    report.note("proxy-ssl-protocols", {
      message: "proxy-ssl-protocols names a version that cannot be used: it is dropped.",
      value,
      expected: tlsVersionsType.expected,
    });
  for (const between of versions?.between ?? [])
    report.note("proxy-ssl-protocols", {
      message: `proxy-ssl-protocols leaves out ${between}, which is used as well: Envoy takes a range of versions.`,
      expected: "versions without a gap",
    });
}

function reportSecret(fault: string, { report }: ParseContext): void {
  report.note("proxy-ssl-secret", {
    code: "annotation-secret",
    message: "The Secret of proxy-ssl-secret cannot be used: the backend gets no client certificate.",
    expected: fault,
  });
}

function reportWithoutTls(context: ParseContext): void {
  for (const name of Object.keys(KEYS).filter(context.isSet))
    noEffect(name, "the backend is not spoken to over TLS", context);
}

function noEffect(name: string, reason: string, { report }: ParseContext): void {
  report.note(name, {
    code: "annotation-no-effect",
    message: `${name} has no effect: ${reason}.`,
    ...(reason.includes("TLS") && { hint: "Set backend-protocol to HTTPS or GRPCS." }),
  });
}
