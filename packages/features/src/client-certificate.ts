import {
  bad,
  booleanType,
  checkRegex,
  defineFeature,
  enumType,
  type HostTlsContext,
  integerType,
  type KeyInfo,
  key,
  ok,
  type ParseContext,
  raw,
  textType,
  type ValueResult,
  type ValueType,
} from "@sluice/feature-api";
import type { ClientVerification } from "@sluice/model";
import { any, type HttpFilter, struct, type VirtualHost } from "@sluice/protos";
import { CLIENT_CERTIFICATE_SCRIPT } from "./support/client-certificate-script.ts";
import { subjectMatch } from "./support/subject-match.ts";

type Mode = "on" | "optional" | "optional_no_ca";

interface ClientCertificatePolicy {
  readonly mode: Mode;
  /** Absent: that of the host's own certificate. */
  readonly authority?: string;
  readonly depth: number;
  readonly pass: boolean;
  /** RE2, searched in the subject. */
  readonly subject?: string;
  readonly page?: string;
  /** The annotation (without prefix) by which client certificates are asked for. */
  readonly key: string;
}

/** A key whose bad value opens nothing: the feature reports it, and goes on without. */
function lenient<T>(type: ValueType<T>, info: KeyInfo) {
  const tolerant: ValueType<ValueResult<T>> = { ...type, parse: (text) => ok(type.parse(text)) };
  return key(tolerant, info);
}

const MODE = enumType(["on", "off", "optional", "optional_no_ca"]);
const DEPTH = integerType(0, 100);

const PAGE = /^https?:\/\/[!-#&-~]{1,2000}$/i;
const pageType = textType("an absolute http or https URL, without variables", (text) =>
  PAGE.test(text) && URL.canParse(text) ? undefined : "an absolute http or https URL, without variables",
);

const SUBJECT_EXPECTED = "CN= and a regular expression in RE2 syntax (no lookaround, no backreferences)";
const subjectType: ValueType<string> = {
  expected: SUBJECT_EXPECTED,
  schema: { type: "string", pattern: "^CN=" },
  parse: (text) => {
    if (!text.startsWith("CN=") || text === "CN=") return bad(SUBJECT_EXPECTED);
    const check = checkRegex(text);
    return "fault" in check ? bad(`${SUBJECT_EXPECTED}: ${check.fault}`) : ok(text);
  },
};

const KEYS = {
  "auth-tls-secret": raw({
    doc: "A Secret, as `[namespace/]name`, with the authorities of clients' certificates in `ca.crt` and, if there, their revocation lists in `ca.crl` (one for each authority of a chain). If it has no `ca.crt`, the Secret with `-cacert` behind its name counts. Holds for the hosts of this Ingress, whichever Ingress their rules are in; of several Ingresses that ask for certificates the oldest sets all `auth-tls-*` keys, and others can only add `auth-tls-match-cn`. Such a host is only served on connections that were opened for it by SNI (others get 421). Where it cannot be used the hosts answer 503.",
    example: "clients",
    default:
      "no client certificates; with another `auth-tls-*` key that demands them, the host's certificate Secret",
    nginx:
      "Rules without a host cannot have it: they answer 503. What cannot be used answers 503; ingress-nginx answers 403. Sessions are not resumed on such hosts.",
    higress: "Need not be the host's certificate Secret, or that with `-cacert`.",
  }),
  "auth-tls-verify-client": key(MODE, {
    doc: "`on`: only clients with a certificate that can be verified. `optional`: clients without one too. `optional_no_ca`: any client; `ssl-client-verify` tells the backend. `off`: no certificates are asked for.",
    example: "on",
    default: "on",
    nginx:
      "With `on`, and with a bad certificate in `optional`, the handshake fails where ingress-nginx answers 400. Over plain HTTP a host with `on` answers 403 where it does not redirect; ingress-nginx serves it. With `optional_no_ca` certificates that have ended are let in too, as FAILED. ingress-nginx ignores it without `auth-tls-secret`; here the Secret of the host's certificate counts then.",
  }),
  "auth-tls-verify-depth": lenient(DEPTH, {
    doc: "The most certificates between the client's own and one of `ca.crt`.",
    example: "2",
    default: "1",
  }),
  "auth-tls-pass-certificate-to-upstream": lenient(booleanType, {
    doc: "`true`: backends get the client's certificate in the header `ssl-client-cert`, PEM, URL-encoded.",
    example: "true",
    default: "false",
  }),
  "auth-tls-match-cn": key(subjectType, {
    doc: "`CN=` and a regular expression (RE2), searched in the subject of the client's certificate, written as RFC 2253 says; other clients get 403.",
    example: "CN=(alice|bob)",
    default: "any subject",
    nginx:
      "Only certificates that were verified count, with `optional_no_ca` too. Over plain HTTP the host answers 403. It is RE2, not PCRE.",
  }),
  "auth-tls-error-page": lenient(pageType, {
    doc: "Clients whose certificate is missing or cannot be verified are redirected (302) to this URL, after a handshake that lets anybody in: without it the handshake fails.",
    example: "https://www.example.com/no-certificate",
    default: "none",
    nginx: "A path of the same host cannot be used.",
  }),
};

type KeyName = keyof typeof KEYS;

/** The keys that ask for certificates. */
const ASKING: readonly KeyName[] = ["auth-tls-secret", "auth-tls-verify-client", "auth-tls-match-cn"];

const VERIFY_FILTER = "sluice.client-certificate";
const SUBJECT_FILTER = "sluice.client-subject";
const LUA = "envoy.extensions.filters.http.lua.v3.Lua";
const RBAC = "envoy.extensions.filters.http.rbac.v3.RBAC";

/** Certificates of clients. */
export const clientCertificate = defineFeature({
  id: "client-certificate",
  title: "Client certificates",
  scope: "domain",
  onInvalid: "deny",
  keys: KEYS,
  claim: { by: ASKING, tightening: ["auth-tls-match-cn"] },

  parse: (values, context): ClientCertificatePolicy | undefined => {
    const asking = askingKey(context);
    if (asking === undefined) return undefined;
    const mode = values["auth-tls-verify-client"] ?? "on";
    if (mode === "off") return undefined;
    const authority = namedAuthority(values["auth-tls-secret"], context);
    const depth = take("auth-tls-verify-depth", values["auth-tls-verify-depth"], context) ?? 1;
    const pass = take(
      "auth-tls-pass-certificate-to-upstream",
      values["auth-tls-pass-certificate-to-upstream"],
      context,
    );
    const subject = values["auth-tls-match-cn"];
    const page = take("auth-tls-error-page", values["auth-tls-error-page"], context);
    if (page !== undefined && mode === "optional_no_ca")
      noEffect("auth-tls-error-page", "optional_no_ca turns nobody away", context);
    return {
      mode,
      ...(authority !== undefined && { authority }),
      depth,
      pass: pass === true,
      ...(subject !== undefined && { subject }),
      ...(page !== undefined && mode !== "optional_no_ca" && { page }),
      key: asking,
    };
  },

  hostTls: (policy, context) => {
    if (context.host === "*")
      return { key: policy.key, fault: "a rule with a host: rules without one have no TLS of their own" };
    const found = policy.authority === undefined ? hostAuthority(context) : { name: policy.authority };
    return found.name === undefined
      ? { key: policy.key, fault: found.fault ?? "" }
      : { clients: verification(policy, found.name) };
  },

  stage: "client-certificate",
  requires: [LUA, RBAC],
  httpFilters: (): readonly HttpFilter[] => [
    {
      name: VERIFY_FILTER,
      typedConfig: any(LUA, { sourceCodes: { verify: { inlineString: CLIENT_CERTIFICATE_SCRIPT } } }),
    },
    { name: SUBJECT_FILTER, typedConfig: any(RBAC, {}) },
  ],
  virtualHost: (out, policy, { https }) => {
    if (policy !== undefined && https) writeHost(out, policy);
  },
});

/** The annotation by which client certificates are asked for; the others alone ask for nothing. */
function askingKey(context: ParseContext): KeyName | undefined {
  const found = ASKING.find(context.isSet);
  if (found !== undefined) return found;
  for (const name of Object.keys(KEYS).filter(context.isSet))
    noEffect(name, "no client certificates are asked for", context, "Set auth-tls-secret.");
  return undefined;
}

function namedAuthority(text: string | undefined, context: ParseContext): string | undefined {
  if (text === undefined) return undefined;
  const { name, fault } = context.referencesOf("auth-tls-secret").authority(text);
  if (name === undefined) context.report.bad("auth-tls-secret", fault ?? "a Secret with ca.crt");
  return name;
}

/** MSE's way: the authority is in the Secret of the host's certificate, or in the one beside it. */
function hostAuthority({ certificate, authorityOf }: HostTlsContext) {
  return certificate === undefined
    ? { fault: "auth-tls-secret, or a certificate of the host whose Secret has ca.crt" }
    : authorityOf(certificate);
}

function verification(
  { mode, depth, page, subject }: ClientCertificatePolicy,
  authority: string,
): ClientVerification {
  const isLate = page !== undefined || mode === "optional_no_ca";
  return {
    authority,
    demand: isLate ? "unverified" : mode === "on" ? "required" : "optional",
    depth,
    ...((mode === "on" || subject !== undefined) && { mandatory: true as const }),
  };
}

function writeHost(out: VirtualHost, policy: ClientCertificatePolicy): void {
  const { mode, pass, subject, page } = policy;
  const isVerified = mode === "on" && page === undefined;
  const told = {
    ...(isVerified && { "ssl-client-verify": "SUCCESS" }),
    "ssl-client-subject-dn": "%DOWNSTREAM_PEER_SUBJECT%",
    "ssl-client-issuer-dn": "%DOWNSTREAM_PEER_ISSUER%",
    ...(pass && { "ssl-client-cert": "%DOWNSTREAM_PEER_CERT%" }),
  };
  out.requestHeadersToAdd = [
    ...(out.requestHeadersToAdd ?? []),
    ...Object.entries(told).map(([name, value]) => ({
      header: { key: name, value },
      appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" as const,
    })),
  ];
  // A subject counts only if the certificate does.
  const refuse = mode === "on" ? "all" : page !== undefined || subject !== undefined ? "failed" : undefined;
  const context = { ...(refuse !== undefined && { refuse }), ...(page !== undefined && { page }) };
  out.typedPerFilterConfig = {
    ...out.typedPerFilterConfig,
    ...(!isVerified && {
      [VERIFY_FILTER]: any(`${LUA}PerRoute`, { name: "verify", filterContext: struct(context) }),
    }),
    ...(subject !== undefined && {
      [SUBJECT_FILTER]: any(`${RBAC}PerRoute`, { rbac: { matcher: subjectMatch(subject) } }),
    }),
  };
}

/** A good value; a bad one is reported as ignored. */
function take<T>(name: KeyName, result: ValueResult<T> | undefined, { report }: ParseContext): T | undefined {
  if (result === undefined) return undefined;
  if (result.ok) return result.value;
  report.note(name, {
    message: `${name} has a value that cannot be used, and is ignored.`,
    expected: result.expected,
  });
  return undefined;
}

function noEffect(name: string, reason: string, { report }: ParseContext, hint?: string): void {
  report.note(name, {
    code: "annotation-no-effect",
    message: `${name} has no effect: ${reason}.`,
    ...(hint !== undefined && { hint }),
  });
}
