import { isIP } from "node:net";
import { DEFAULT_ENVOY_IMAGE, DEFAULT_SETTLE_SECONDS } from "@sluice/data-plane/defaults";
import { DEFAULT_CONTROLLER, DEFAULT_INGRESS_CLASS } from "@sluice/translate";
import { z } from "zod";

const port = wholeNumber(0, 65535);
const publicPort = wholeNumber(1, 65535);
const address = text(isAddress, "HOST:PORT or unix:PATH");
const hostPort = text(isHostPort, "HOST:PORT");
/** DNS servers are asked by address: there is nobody to resolve their own name. */
const ipPort = text(isIpPort, "ADDRESS:PORT with an IP address");
const path = text((value) => value !== "", "a file");
const name = text((value) => value !== "", "a name");
const objectName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, mustBe("the name of an object"));
const secretName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
    mustBe("NAMESPACE/NAME of a Secret"),
  );
const NAMESPACES = "names of namespaces, with commas between them";
const namespace = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, NAMESPACES);
/** A list in a file, or in a flag or a variable one text with commas. */
const namespaces = z.union(
  [
    z.array(namespace),
    z
      .string()
      .transform((list) => list.split(",").map((item) => item.trim()))
      .pipe(z.array(namespace)),
  ],
  { error: mustBe(NAMESPACES) },
);
const ADDRESSES = "IP addresses or host names, with commas between them";
const statusAddress = z
  .string()
  .refine(
    (value) =>
      isIP(value) !== 0 ||
      /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(value),
    ADDRESSES,
  );
const addresses = z.union(
  [
    z.array(statusAddress),
    z
      .string()
      .transform((list) => list.split(",").map((item) => item.trim()))
      .pipe(z.array(statusAddress)),
  ],
  { error: mustBe(ADDRESSES) },
);
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")], {
  error: mustBe("true or false"),
});

/**
 * Every setting of `sluice run` and `sluice serve`: flag `--http-port`, variable `SLUICE_HTTP_PORT`, and
 * `httpPort` in the configuration file are one and the same. A flag beats a variable beats the file. Without `value` the
 * flag is a switch; a `repeatable` one adds up.
 */
export const SETTINGS = {
  kube: {
    schema: flag.default(false),
    value: "",
    doc: "take the objects of a Kubernetes API server",
  },
  kubeconfig: {
    schema: z.string().min(1).optional(),
    value: "FILE",
    doc: "kubeconfig (default: KUBECONFIG, ~/.kube/config, or the pod's service account)",
  },
  kubeContext: {
    schema: z.string().min(1).optional(),
    value: "NAME",
    doc: "context of the kubeconfig (default: its current one)",
  },
  watchNamespace: {
    schema: namespaces.default([]),
    value: "NAME",
    repeatable: true,
    doc: "take objects of this namespace of the API server only; may be repeated",
  },
  labelSelector: {
    schema: z.string().min(1).optional(),
    value: "SELECTOR",
    doc: "take only Ingresses with these labels from the API server",
  },
  status: {
    schema: flag.default(true),
    value: "BOOL",
    doc: "with --kube, write on Ingresses whether they are live, and their address, and tell findings as Events",
  },
  publishService: {
    schema: z
      .string()
      .regex(/^[a-z0-9.-]+\/[a-z0-9.-]+$/, "it must be NAMESPACE/NAME")
      .optional(),
    value: "NAMESPACE/NAME",
    doc: "the Service in front of Envoy, whose addresses are those of the Ingresses",
  },
  publishStatusAddress: {
    schema: addresses.default([]),
    value: "ADDRESS",
    repeatable: true,
    doc: "IP address or host name of the Ingresses, in place of those of a Service; may be repeated",
  },
  leaderElection: {
    schema: flag.optional(),
    value: "BOOL",
    doc: "write status only while holding the Lease sluice-leader (default: in a pod)",
  },
  httpPort: { schema: port.default(8080), value: "PORT", doc: "port for plain HTTP" },
  httpsPort: { schema: port.default(8443), value: "PORT", doc: "port for HTTPS" },
  publicHttpPort: {
    schema: publicPort.optional(),
    value: "PORT",
    doc: "port for plain HTTP that clients use, where a load balancer maps it (default: that of --http-port; 80 with --managed and --xds-tls-address)",
  },
  publicHttpsPort: {
    schema: publicPort.optional(),
    value: "PORT",
    doc: "port for HTTPS that clients use, as above (default: that of --https-port; 443 with --managed and --xds-tls-address)",
  },
  listenAddress: {
    schema: text((value) => isIP(value) !== 0, "an IP address").default("0.0.0.0"),
    value: "ADDRESS",
    doc: "address that the listeners bind",
  },
  debugAddress: {
    schema: hostPort.default("127.0.0.1:15080"),
    value: "HOST:PORT",
    doc: "where the debug pages, /healthz, /readyz and /metrics are served",
  },
  probeAddress: {
    schema: hostPort.optional(),
    value: "HOST:PORT",
    doc: "where /healthz, /readyz and /metrics alone are served as well, for whom the debug pages are not meant",
  },
  admissionAddress: {
    schema: hostPort.optional(),
    value: "HOST:PORT",
    doc: "where the validating admission webhook is served (default: it is not)",
  },
  admissionCertificate: { schema: path.optional(), value: "FILE", doc: "certificate of the webhook, PEM" },
  admissionKey: { schema: path.optional(), value: "FILE", doc: "key of the webhook's certificate, PEM" },
  admissionClientCa: {
    schema: path.optional(),
    value: "FILE",
    doc: "CA of the certificates by which API servers may call the webhook, PEM",
  },
  xdsAddress: {
    schema: address.optional(),
    value: "ADDRESS",
    doc: "where xDS is served, unix:PATH or HOST:PORT (default: a socket in a folder of its own)",
  },
  xdsTlsAddress: {
    schema: hostPort.optional(),
    value: "HOST:PORT",
    doc: "where xDS is served over mutual TLS besides, to Envoys on other hosts; needs --kube",
  },
  namespace: {
    schema: namespace.optional(),
    value: "NAME",
    doc: "namespace of the gateway's own objects (default: the pod's, else default)",
  },
  envoyAdminAddress: {
    schema: address.optional(),
    value: "ADDRESS",
    doc: "Envoy's admin interface, HOST:PORT or unix:PATH (default: a socket in a folder of its own)",
  },
  ingressClass: {
    schema: name.default(DEFAULT_INGRESS_CLASS),
    value: "NAME",
    doc: "the class of the Ingresses to serve",
  },
  controllerName: {
    schema: name.default(DEFAULT_CONTROLLER),
    value: "NAME",
    doc: "spec.controller of the IngressClasses to serve",
  },
  mseIngressConfig: {
    schema: objectName.optional(),
    value: "NAME",
    doc: "the MseIngressConfig that says which Ingresses to serve, and the policy of the gateway",
  },
  managed: {
    schema: flag.default(false),
    value: "",
    doc: "serve one gateway for each MseIngressConfig, whose Envoys name it as their cluster",
  },
  xdsPublicAddress: {
    schema: hostPort.optional(),
    value: "HOST:PORT",
    doc: "how these Envoys reach it (default: sluice-controller.NAMESPACE.svc:15010)",
  },
  envoyImage: {
    schema: name.default(DEFAULT_ENVOY_IMAGE),
    value: "IMAGE",
    doc: "image of the Envoys of managed gateways",
  },
  settleSeconds: {
    schema: wholeNumber(0, 600).default(DEFAULT_SETTLE_SECONDS),
    value: "SECONDS",
    doc: "how long an ending Envoy of a managed gateway waits for load balancers to notice",
  },
  defaultCertificate: {
    schema: secretName.optional(),
    value: "NAMESPACE/NAME",
    doc: "TLS Secret of the default certificate (default: a self-signed one; with --kube kept in a Secret of the controller's namespace)",
  },
  sslRedirect: {
    schema: flag.default(true),
    value: "BOOL",
    doc: "redirect plain HTTP for hosts with a certificate, unless an annotation says otherwise",
  },
  trustedHops: {
    schema: wholeNumber(0, 16).default(0),
    value: "N",
    doc: "proxies in front whose X-Forwarded-* is trusted",
  },
  allowExternalName: {
    schema: flag.default(false),
    value: "BOOL",
    doc: "allow Services of type ExternalName; loopback, link-local and metadata addresses stay refused",
  },
  sslPassthrough: {
    schema: flag.default(false),
    value: "BOOL",
    doc: "allow Ingresses to pass the TLS of their hosts on to their backends (ssl-passthrough)",
  },
  allowCrossNamespace: {
    schema: flag.default(false),
    value: "BOOL",
    doc: "allow annotations to name Secrets and ConfigMaps of other namespaces",
  },
  accessLog: { schema: flag.default(false), value: "BOOL", doc: "write an access log to standard output" },
  tracingCollector: {
    schema: hostPort.optional(),
    value: "HOST:PORT",
    doc: "collector for the spans of gateways that a MseIngressConfig has traced, OTLP over gRPC",
  },
  rateLimitRedis: {
    schema: text(isRedisUrl, "redis://[USER:PASSWORD@]HOST[:PORT][/DB], or rediss:// for TLS").optional(),
    value: "URL",
    doc: "Redis that counts rate-limit and concurrency-limit over all instances (default: each counts its part in memory)",
  },
  rateLimitRedisPasswordFile: {
    schema: path.optional(),
    value: "FILE",
    doc: "holds the password of that Redis",
  },
  clientLimitStatus: {
    schema: z
      .union([z.literal(503), z.literal(429), z.enum(["503", "429"]).transform(statusOf)], {
        error: mustBe("503 or 429"),
      })
      .default(503),
    value: "STATUS",
    doc: "status of what is over limit-rps, limit-rpm or limit-connections: 503 or 429",
  },
  dnsResolver: {
    schema: ipPort.optional(),
    value: "HOST:PORT",
    doc: "DNS server, by its IP address, for names of ExternalName Services (default: the system's)",
  },
  concurrency: {
    schema: wholeNumber(1, 512).optional(),
    value: "N",
    doc: "Envoy worker threads (default: one per core)",
  },
  drainSeconds: {
    schema: wholeNumber(0, 3600).default(15),
    value: "SECONDS",
    doc: "how long open connections may finish at the end",
  },
  logLevel: {
    schema: z
      .enum(["trace", "debug", "info", "warn", "error", "silent"], {
        error: mustBe("one of trace, debug, info, warn, error and silent"),
      })
      .default("info"),
    value: "LEVEL",
    doc: "trace, debug, info, warn, error or silent",
  },
} as const;

export type SettingName = keyof typeof SETTINGS;

const shape = Object.fromEntries(Object.entries(SETTINGS).map(([name, { schema }]) => [name, schema])) as {
  // `Object.fromEntries` forgets which schema belongs to which name.
  [N in SettingName]: (typeof SETTINGS)[N]["schema"];
};

/** Strict: a key that is not known is an error, since it would otherwise be a setting silently not in force. */
export const Settings = z
  .strictObject(shape)
  .refine(({ httpPort, httpsPort }) => httpPort !== httpsPort || httpPort === 0, {
    path: ["httpsPort"],
    error: "it must not be the port for plain HTTP",
  })
  .refine(({ managed, mseIngressConfig }) => !managed || mseIngressConfig === undefined, {
    path: ["mseIngressConfig"],
    error: "with managed there is a gateway for each MseIngressConfig",
  })
  .refine(({ xdsTlsAddress, kube }) => xdsTlsAddress === undefined || kube, {
    path: ["xdsTlsAddress"],
    error: "it needs --kube, since its certificate authority is in a Secret",
  });
export type Settings = z.infer<typeof Settings>;

/** A number, or its text as flags and variables have it. Nothing else: `true` or an empty text is no number. */
function wholeNumber(min: number, max: number) {
  const error = mustBe(`a whole number from ${min} to ${max}`);
  const digits = z.string().regex(/^\d+$/).transform(Number);
  return z
    .union([digits, z.number()], { error })
    .pipe(z.number({ error }).int(error).min(min, error).max(max, error));
}

function text(isFine: (value: string) => boolean, expected: string) {
  return z.string(mustBe(expected)).refine(isFine, mustBe(expected));
}

function mustBe(expected: string): string {
  return `it must be ${expected}`;
}

function isAddress(value: string): boolean {
  return /^unix:./.test(value) || isHostPort(value);
}

function isRedisUrl(value: string): boolean {
  const url = URL.parse(value);
  return (
    url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== "" && /^(\/\d*)?$/.test(url.pathname)
  );
}

function statusOf(text: "503" | "429"): 503 | 429 {
  return text === "429" ? 429 : 503;
}

function isHostPort(value: string): boolean {
  const [, digits] = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):(\d+)$/.exec(value) ?? [];
  return digits !== undefined && Number(digits) <= 65535;
}

function isIpPort(value: string): boolean {
  const colon = value.lastIndexOf(":");
  const host = value.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return isHostPort(value) && isIP(host) !== 0 && Number(value.slice(colon + 1)) > 0;
}

/** `httpPort` → `http-port`. */
export function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `httpPort` → `SLUICE_HTTP_PORT`. */
export function variableOf(name: string): string {
  return `SLUICE_${flagOf(name).replaceAll("-", "_").toUpperCase()}`;
}
