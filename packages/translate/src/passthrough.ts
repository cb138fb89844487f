import type { Feature } from "@sluice/feature-api";
import { declaresKey } from "@sluice/feature-api";
import {
  type Backend,
  backendName,
  type Diagnostic,
  type ObjectRef,
  type Origin,
  type Passthrough,
  targetKey,
} from "@sluice/model";
import type { TranslateContext } from "./context.ts";
import { ANY_HOST } from "./host-name.ts";
import type { IngressRoute, IngressRules } from "./ingress-rules.ts";
import type { SharedPolicies } from "./ingress-units.ts";
import { tlsHosts } from "./tls-hosts.ts";

/** Whether the TLS of a host is passed on, and what there is to say about it. */
export interface PassthroughResult {
  /** Absent: the gateway ends it, as for any host. */
  readonly passthrough?: Passthrough;
  readonly diagnostics: readonly Diagnostic[];
}

const NOTHING: PassthroughResult = { diagnostics: [] };

/** `ingresses`: all of ours with rules for the host, oldest first. */
export function hostPassthrough(
  host: string,
  ingresses: readonly IngressRules[],
  domain: SharedPolicies,
  { byScope, settings }: TranslateContext,
): PassthroughResult {
  const feature = byScope.domain.find((each) => {
    const policy = domain.policies[each.id];
    return policy !== undefined && each.passesTls?.(policy) === true;
  });
  if (feature === undefined) return NOTHING;
  const origins = domain.origins[feature.id] ?? [];
  const about = { ...(origins[0] && { origin: origins[0], key: annotationOf(origins[0]) }), value: host };
  if (host === ANY_HOST) return { diagnostics: [{ ...about, ...WITHOUT_HOST }] };
  if (!settings.sslPassthrough) return { diagnostics: [{ ...about, ...SWITCHED_OFF }] };
  const stranger = ingresses[0]?.ref;
  // It would void what the older one protects, and show its backend to anybody.
  if (stranger !== undefined && stranger.namespace !== origins[0]?.object.namespace)
    return { diagnostics: [{ ...about, ...overruledBy(stranger) }] };
  const root = rootRoute(host, ingresses);
  const backend = root?.backend;
  const own = backend === undefined ? {} : { backend: plainTcp(backend) };
  return {
    passthrough: { ...own, origins: [...origins, ...(root === undefined ? [] : [root.origin])] },
    diagnostics: [
      ...(backend === undefined ? [{ ...about, ...closed(host) }] : []),
      ...ingresses.flatMap((rules) => voids(host, rules, root, feature)),
    ],
  };
}

/** The rule for `/` that takes all paths that no other rule takes: the oldest; one for `/` alone if there is no other. */
function rootRoute(host: string, ingresses: readonly IngressRules[]): IngressRoute | undefined {
  const roots = ingresses
    .filter(({ variant }) => variant === undefined)
    .flatMap(({ byHost }) => byHost.get(host) ?? [])
    .filter(({ rulePath }) => rulePath === "/");
  return (
    roots.find(({ pairKey, isDefault }) => pairKey === "prefix /" && !isDefault) ??
    roots.find(({ isDefault }) => isDefault) ??
    roots[0]
  );
}

/** The same target, spoken to by whoever opened the connection. */
function plainTcp({ target }: Backend): Backend {
  return { name: backendName(target, ["passthrough"]), target, variant: {}, protocol: "tcp" };
}

/** What an Ingress says of the host that does not hold over TLS. */
function voids(
  host: string,
  { ingress, ref, own, byHost }: IngressRules,
  root: IngressRoute | undefined,
  feature: Feature,
): Diagnostic[] {
  const secret = tlsHosts(ingress).get(host);
  const paths = (byHost.get(host) ?? []).filter((route) => route !== root && route.rulePath !== "/");
  const annotations = [...own.annotations]
    .filter(([key]) => !declaresKey(feature, key) && !ON_PLAIN_HTTP.has(key))
    .map(([, { annotation }]) => annotation);
  const found = [
    ...(secret === undefined ? [] : [`the certificate of Secret ${ref.namespace}/${secret}`]),
    ...paths.map(({ rulePath }) => `the path ${rulePath}`),
    ...annotations,
  ];
  if (found.length === 0) return [];
  const to = root?.backend === undefined ? "" : ` to ${targetKey(root.backend.target)}`;
  return [
    {
      code: "passthrough-overrides",
      severity: "warning",
      origin: { object: ref },
      value: found.join(", ").slice(0, 1000),
      message: `The TLS of ${host} is passed on${to}: over https the certificate, other paths and other annotations of this Ingress are void.`,
      hint: "They hold on plain HTTP.",
    },
  ];
}

/** Their work is done where there is no TLS. */
const ON_PLAIN_HTTP: ReadonlySet<string> = new Set(["ssl-redirect", "force-ssl-redirect"]);

type Text = Pick<Diagnostic, "code" | "severity" | "message" | "hint" | "expected">;

const SWITCHED_OFF: Text = {
  code: "annotation-no-effect",
  severity: "warning",
  message: "TLS passthrough is switched off: the gateway ends the TLS of this host.",
  hint: "The operator can allow it: --ssl-passthrough true.",
};

const WITHOUT_HOST: Text = {
  code: "annotation-no-effect",
  severity: "warning",
  message:
    "TLS passthrough has no effect on rules without a host: a connection is known by the host it names.",
  expected: "rules with a host",
};

function overruledBy({ namespace, name }: ObjectRef): Text {
  return {
    code: "annotation-overruled",
    severity: "warning",
    message: `TLS passthrough has no effect on this host: the older Ingress ${namespace}/${name}, of another namespace, has rules for it.`,
    expected: "the annotation in the namespace of the oldest Ingress of the host",
  };
}

function closed(host: string): Text {
  return {
    code: "passthrough-closed",
    severity: "error",
    message: `The TLS of ${host} is to be passed on, but no rule of it has the path / and a Service: its TLS connections are closed.`,
    expected: "a rule for the path /",
  };
}

function annotationOf({ field }: Origin): string {
  return /"(.*)"/.exec(field ?? "")?.[1] ?? "";
}
