import { isIP } from "node:net";
import {
  authorityType,
  bad,
  defineFeature,
  enumType,
  hostName,
  httpUrlType,
  int,
  isObjectName,
  key,
  ok,
  type ParseContext,
  type Values,
  type ValueType,
} from "@sluice/feature-api";
import {
  type Backend,
  type BackendTarget,
  backendName,
  type DiagnosticCode,
  type Service,
  type ServiceTarget,
  targetKey,
} from "@sluice/model";
import { backendProtocol } from "./backend-protocol.ts";
import { backendTls, sniPolicy } from "./backend-tls.ts";

interface MirroringPolicy {
  readonly target: BackendTarget;
  /** True: over TLS, whatever the Service's own annotations say. */
  readonly tls: boolean;
  readonly percent: number;
  readonly host?: string;
}

interface MirrorService {
  readonly namespace?: string;
  readonly name: string;
  readonly port: ServiceTarget["port"];
}

const mirrorServiceType: ValueType<MirrorService> = {
  expected: "[namespace/]service[:port]",
  schema: { type: "string" },
  parse: (text) => {
    const [, namespace, name = "", port] = /^(?:([^/:]+)\/)?([^/:]+)(?::([0-9]{1,5}))?$/.exec(text) ?? [];
    const number = Number(port ?? 1);
    if (!isObjectName(name) || (namespace !== undefined && !isObjectName(namespace)))
      return bad(mirrorServiceType.expected);
    if (number < 1 || number > 65_535) return bad(mirrorServiceType.expected);
    return ok({
      ...(namespace !== undefined && { namespace }),
      name,
      port: port === undefined ? "first" : { number },
    });
  },
};

/** A name or an address, as a target has it; what is no name (`0x7f.1`) is found out when it is resolved. */
const hostType: ValueType<string> = {
  expected: "a host name or an IP address, without a port",
  schema: { type: "string" },
  parse: (text) => {
    const address = text.replace(/^\[(.*)\]$/, "$1");
    const host = isIP(address) === 0 ? hostName(text) : address.toLowerCase();
    return host === undefined || host.startsWith("*.") ? bad(hostType.expected) : ok(host);
  },
};

interface MirrorUrl {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port?: number;
}

const mirrorUrlType: ValueType<MirrorUrl> = {
  expected: "an http or https URL without a path, but for $request_uri at its end",
  schema: { type: "string" },
  parse: (text) => {
    const parsed = httpUrlType.parse(text.replace(/\/?\$request_uri$/, ""));
    if (!parsed.ok || (parsed.value.path !== "" && parsed.value.path !== "/"))
      return bad(mirrorUrlType.expected);
    const { scheme, port } = parsed.value;
    const host = hostType.parse(parsed.value.host);
    if (!host.ok) return bad(mirrorUrlType.expected);
    return ok({ scheme, host: host.value, ...(port !== undefined && { port }) });
  },
};

const OUTSIDE =
  "A Service of the cluster as name.namespace.svc.cluster.local, or a host outside it, whose name the gateway resolves: its addresses are checked each time, and loopback, link-local and metadata addresses get nothing.";

const KEYS = {
  "mirror-target-service": key(mirrorServiceType, {
    doc: "A Service, as `[namespace/]name[:port]`, that gets a copy of each request; by default of the Ingress's namespace, and its first port. Its answers are thrown away, and a request never waits for it. The copy's Host has `-shadow` at its end, unless `mirror-host` says what it is.",
    example: "shop/recorder:8080",
    default: "no mirroring",
    nginx: "ingress-nginx has no such annotation.",
  }),
  "mirror-percentage": int(0, 100, {
    doc: "The share of requests that are copied, in percent.",
    example: "10",
    default: "100",
    nginx: "ingress-nginx copies all requests.",
  }),
  "mirror-target-fqdn": key(hostType, {
    doc: `A host that gets the copies. Wins over \`mirror-target-service\`. ${OUTSIDE}`,
    example: "recorder.example.com",
    default: "no mirroring",
    nginx: "ingress-nginx has no such annotation.",
  }),
  "mirror-target-fqdn-port": int(1, 65_535, {
    doc: "The port of `mirror-target-fqdn`.",
    example: "8080",
    default: "80",
    nginx: "ingress-nginx has no such annotation.",
  }),
  "mirror-target": key(mirrorUrlType, {
    doc: `An http or https URL, with or without \`$request_uri\` at its end, that gets the copies. \`mirror-target-service\` and \`mirror-target-fqdn\` win over it. ${OUTSIDE} To an https URL the gateway speaks TLS, with the host as SNI where it is a name outside the cluster; the certificate is not verified.`,
    example: "http://recorder.shop.svc.cluster.local$request_uri",
    default: "no mirroring",
    nginx: "A slow mirror delays no request. Other paths and variables are not supported.",
  }),
  "mirror-host": key(authorityType, {
    doc: "The Host of the copies, literally.",
    example: "recorder.example.com",
    default: "with `mirror-target` the URL's; else the request's with `-shadow` at its end",
  }),
  "mirror-request-body": key(enumType(["on", "off"]), {
    doc: "`off` has no effect: copies always have the request's body.",
    example: "on",
    default: "on",
    nginx: "`off` has no effect.",
  }),
};

type KeyValues = Values<typeof KEYS>;

/** Copies of requests to another Service. */
export const mirroring = defineFeature({
  id: "mirroring",
  title: "Mirroring",
  scope: "route",
  onInvalid: "ignore",
  keys: KEYS,
  parse: (values, context): MirroringPolicy | undefined => {
    if (values["mirror-request-body"] === "off")
      noEffect("mirror-request-body", "Envoy copies the body with the request", context);
    const found = targetOf(values, context);
    if (found === undefined) {
      reportAlone(context);
      return undefined;
    }
    const { target } = found;
    const fault =
      target.kind === "service"
        ? targetFault(target, context.references.service(target.namespace, target.name))
        : undefined;
    if (fault !== undefined) {
      const [code, what, expected] = fault;
      const where = `The Service ${targetKey(target)}, which ${found.by} names,`;
      context.report.note(found.by, { code, message: `${where} ${what}: nothing is mirrored.`, expected });
      return undefined;
    }
    const percent = values["mirror-percentage"] ?? 100;
    if (percent === 0) return undefined;
    const host = values["mirror-host"] ?? found.host;
    return { target, tls: found.tls, percent, ...(host !== undefined && { host }) };
  },
  draftStage: "backend",
  draft: (draft, { target, tls, percent, host }, context) => {
    const plain = context.backend(target);
    const backend = tls ? overTls(plain) : plain;
    return { ...draft, mirror: { backend, percent, ...(host !== undefined && { host }) } };
  },
});

function overTls(plain: Backend): Backend {
  const { target } = plain;
  const sni = target.kind === "outside" && isIP(target.host) === 0 ? target.host : undefined;
  return {
    ...plain,
    name: backendName(target, ["https"]),
    variant: {
      [backendProtocol.id]: { protocol: "HTTPS" },
      ...(sni !== undefined && { [backendTls.id]: sniPolicy(sni) }),
    },
  };
}

/** Why a Service gets nothing, if it does not: a code, the reason, and what was expected. */
function targetFault(
  { port }: ServiceTarget,
  service: Service | undefined,
): readonly [DiagnosticCode, string, string] | undefined {
  if (service === undefined) return ["service-missing", "does not exist", "the name of a Service"];
  const { type, ports } = service.spec;
  if (type === "ExternalName" || port === "first" || "name" in port) return undefined;
  if (ports.some((each) => each.port === port.number)) return undefined;
  const known = ports.map((each) => each.port).join(", ");
  return [
    "service-port-missing",
    `has no port ${port.number}`,
    known === "" ? "a Service with ports" : `one of the ports ${known}`,
  ];
}

interface Target {
  readonly by: string;
  readonly target: BackendTarget;
  readonly tls: boolean;
  readonly host?: string;
}

/** The first of the targets that there is, in order of precedence; those that it beats have no effect. */
function targetOf(values: KeyValues, context: ParseContext): Target | undefined {
  const { "mirror-target-fqdn": fqdn, "mirror-target-service": service, "mirror-target": url } = values;
  const beaten = [fqdn && "mirror-target-fqdn", service && "mirror-target-service", url && "mirror-target"]
    .filter((name) => typeof name === "string")
    .slice(1);
  for (const name of beaten) noEffect(name, "another key names the mirror", context);
  if (fqdn !== undefined) {
    const number = values["mirror-target-fqdn-port"] ?? 80;
    return { by: "mirror-target-fqdn", target: hostTarget(fqdn, number), tls: false };
  }
  if (service !== undefined) {
    const { name, port, namespace = context.object.namespace } = service;
    return {
      by: "mirror-target-service",
      target: { kind: "service", namespace, name, port },
      tls: false,
    };
  }
  if (url === undefined) return undefined;
  const tls = url.scheme === "https";
  const target = hostTarget(url.host, url.port ?? (tls ? 443 : 80));
  return { by: "mirror-target", target, tls, host: hostText(url) };
}

/** As in a request: the port is named where it is not the scheme's own (RFC 9110, section 7.2). */
function hostText({ host, port }: MirrorUrl): string {
  const bracketed = host.includes(":") ? `[${host}]` : host;
  return port === undefined ? bracketed : `${bracketed}:${port}`;
}

/** A Service, where the host is the name of one in the cluster. */
function hostTarget(host: string, port: number): BackendTarget {
  const [, name = "", namespace = ""] = /^([^.:]+)\.([^.:]+)\.svc(?:\.cluster\.local)?$/.exec(host) ?? [];
  return isObjectName(name) && isObjectName(namespace)
    ? { kind: "service", namespace, name, port: { number: port } }
    : { kind: "outside", host, port };
}

function reportAlone(context: ParseContext): void {
  const targets = ["mirror-target-fqdn", "mirror-target-service", "mirror-target"];
  if (targets.some(context.isSet)) return;
  for (const name of ["mirror-percentage", "mirror-target-fqdn-port", "mirror-host"].filter(context.isSet))
    noEffect(name, "no mirror is named", context);
}

function noEffect(name: string, reason: string, { report }: ParseContext): void {
  report.note(name, { code: "annotation-no-effect", message: `${name} has no effect: ${reason}.` });
}
