import { isDeepStrictEqual } from "node:util";
import type { Feature } from "@sluice/feature-api";
import type {
  Backend,
  BackendTarget,
  Cluster,
  Diagnostic,
  LoadAssignment,
  LoadAssignmentEndpoint,
  Origin,
  Policies,
  Service,
  ServicePort,
  ServiceTarget,
} from "@sluice/model";
import { type ObjectKey, objectKey, parseObjectKey, targetKey, targetService } from "@sluice/model";
import type { TranslateContext } from "./context.ts";
import { externalEndpoints, externalPort } from "./external-name.ts";
import { SLICES_BY_SERVICE } from "./indexes.ts";
import type { IngressUnits } from "./ingress-units.ts";
import { serviceEndpoints } from "./load-assignment.ts";
import { outsideEndpoints } from "./outside-host.ts";
import { portProtocol, servicePort } from "./service-port.ts";

/** What became of a backend's endpoints. */
export interface AssignmentResult {
  readonly loadAssignment: LoadAssignment;
  /** Its endpoints are being found out. What was served before stays until then, and routes to what is new wait. */
  readonly isPending: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** The derivations of one backend, by its name. */
export interface BackendUnits {
  readonly cluster: (name: string) => Cluster;
  readonly loadAssignment: (name: string) => AssignmentResult;
}

/**
 * `backendOf` finds the backend behind a name; it is no recorded read, because a backend's name determines it.
 */
export function backendUnits(
  context: TranslateContext,
  ingresses: IngressUnits,
  backendOf: (name: string) => Backend,
): BackendUnits {
  const { graph } = context.store;
  return {
    cluster: graph.derive(
      "cluster",
      (name) => {
        const backend = backendOf(name);
        const { target } = backend;
        if (backend.protocol !== undefined)
          return {
            name,
            target,
            protocol: backend.protocol,
            policies: {},
            origins: originsOf(context, target),
          };
        const policies = { ...sharedPolicies(target, ingresses), ...backend.variant };
        const byPort = portProtocol(portOf(target, context));
        return {
          name,
          target,
          ...speech(context.features, policies, byPort),
          policies,
          origins: originsOf(context, target),
        };
      },
      { equals: isDeepStrictEqual },
    ),
    loadAssignment: graph.derive(
      "load-assignment",
      (name) => assignment(backendOf(name), context, ingresses),
      {
        equals: isDeepStrictEqual,
      },
    ),
  };
}

function speech(
  features: readonly Feature[],
  policies: Policies,
  byPort: Cluster["protocol"],
): Pick<Cluster, "protocol" | "tls" | "clientCertificate"> {
  let protocol = byPort;
  let tls = false;
  for (const feature of features) {
    const policy = policies[feature.id];
    const said = policy === undefined ? undefined : feature.speaks?.(policy);
    protocol = said?.protocol ?? protocol;
    tls ||= said?.tls === true;
  }
  if (!tls) return { protocol };
  const clientCertificate = features
    .map(({ id, clientCertificate }) =>
      policies[id] === undefined ? undefined : clientCertificate?.(policies[id]),
    )
    .find((found) => found !== undefined);
  return { protocol, tls, ...(clientCertificate !== undefined && { clientCertificate }) };
}

/** Whether a target has an endpoint that takes new requests. */
export function readyEndpoints(context: TranslateContext): (target: BackendTarget) => boolean {
  const ready = context.store.graph.derive("backend-ready", (key) => {
    // The key is made below, from a target.
    const target = JSON.parse(key) as BackendTarget;
    return resolve({ name: "", target, variant: {} }, context).endpoints.some(
      ({ health }) => health === "healthy",
    );
  });
  return (target) => ready(JSON.stringify(target));
}

/** What the Ingresses say of a Service; of hosts outside the cluster they say nothing in common. */
function sharedPolicies(target: BackendTarget, ingresses: IngressUnits): Policies {
  return target.kind === "service" ? ingresses.service(targetKey(target)).policies : {};
}

function portOf(target: BackendTarget, { store }: TranslateContext): ServicePort | undefined {
  if (target.kind !== "service") return undefined;
  const service = store.get("Service", target.namespace, target.name);
  return service && servicePort(service, target);
}

/** The Service, if it is one, then the Ingresses that use it. */
function originsOf(context: TranslateContext, target: BackendTarget): Origin[] {
  const object = targetService(target);
  return [...(object === undefined ? [] : [{ object }]), ...users(context, target)];
}

function users(context: TranslateContext, target: BackendTarget): Origin[] {
  return context.ingressesOfBackend
    .get(targetKey(target))
    .map((key) => ({ object: parseObjectKey(key as ObjectKey) }));
}

/** The fields that name a backend; the Ingress alone where it is an annotation that does. */
function uses(
  { target }: Backend,
  context: TranslateContext,
  ingresses: IngressUnits,
): Pick<Diagnostic, "origin" | "key">[] {
  if (target.kind === "outside") return users(context, target).map(({ object }) => ({ origin: { object } }));
  const found = users(context, target).flatMap(({ object }) =>
    [...(ingresses.rules(objectKey(object))?.byHost.values() ?? [])]
      .flat()
      .filter(({ draft }) => draft.backends.some((each) => isDeepStrictEqual(each.backend.target, target)))
      .map(({ origin, backend }) => {
        const field = origin.field?.endsWith("defaultBackend") ? origin.field : `${origin.field}.backend`;
        const isOwn = isDeepStrictEqual(backend?.target, target);
        return isOwn
          ? { origin: { object, field: `${field}.service` }, key: `${field}.service` }
          : { origin: { object } };
      }),
  );
  return [...new Map(found.map((use) => [JSON.stringify(use), use])).values()];
}

function assignment(backend: Backend, context: TranslateContext, ingresses: IngressUnits): AssignmentResult {
  const { target } = backend;
  const shared = sharedPolicies(target, ingresses);
  const clusterAddress =
    backend.protocol === undefined &&
    context.features.some((feature) => {
      const policy = shared[feature.id];
      return policy !== undefined && feature.useClusterAddress?.(policy) === true;
    });
  const found = resolve(backend, context, clusterAddress);
  const service = targetService(target);
  return {
    loadAssignment: {
      cluster: backend.name,
      endpoints: found.endpoints,
      origins: originsOf(context, target),
    },
    isPending: found.isPending ?? false,
    diagnostics: found.findings.flatMap((finding) =>
      // A missing Service is told to those that name it; what is wrong with an existing one, to itself.
      finding.of === "users" || service === undefined
        ? uses(backend, context, ingresses).map((use): Diagnostic => ({ ...finding.diagnostic, ...use }))
        : [{ ...finding.diagnostic, origin: { object: service } }],
    ),
  };
}

interface Finding {
  readonly of: "users" | "service";
  readonly diagnostic: Omit<Diagnostic, "origin">;
}

interface Resolved {
  readonly endpoints: readonly LoadAssignmentEndpoint[];
  readonly findings: readonly Finding[];
  readonly isPending?: boolean;
}

function resolve(backend: Backend, context: TranslateContext, clusterAddress = false): Resolved {
  const { target } = backend;
  if (target.kind === "service") return resolveService(target, backend, context, clusterAddress);
  const found = outsideEndpoints(target.host, target.port, OUTSIDE, context.settings.dns);
  return {
    ...found,
    findings: found.findings.map((diagnostic): Finding => ({ of: "users", diagnostic })),
  };
}

const OUTSIDE = {
  who: "a backend outside the cluster",
  loss: "it gets no requests",
  refused: "host-refused",
  unresolved: "host-unresolved",
} as const;

function resolveService(
  target: ServiceTarget,
  backend: Backend,
  context: TranslateContext,
  clusterAddress: boolean,
): Resolved {
  const { store } = context;
  const where = `${target.namespace}/${target.name}`;
  const service = store.get("Service", target.namespace, target.name);
  if (service === undefined) return nothing("users", missingService(where, target.name));
  if (service.spec.type === "ExternalName") return external(service, target, context);
  const port = servicePort(service, target);
  if (port === undefined) return nothing("users", missingPort(where, service, target));
  if (clusterAddress && hasClusterAddress(service)) {
    const address = service.spec.clusterIP ?? "";
    return { endpoints: [{ address, port: port.port, health: "healthy" }], findings: [] };
  }
  const slices = store
    .index(SLICES_BY_SERVICE)
    .get(where)
    .map((key) => store.get("EndpointSlice", target.namespace, parseObjectKey(key).name))
    .filter((slice) => slice !== undefined);
  const selectPod = podSelector(target.namespace, backend, context);
  const result = serviceEndpoints({
    service,
    port,
    slices,
    endpoints: slices.length > 0 ? undefined : store.get("Endpoints", target.namespace, target.name),
    ...(selectPod === undefined ? {} : { selectPod }),
  });
  const findings: Finding[] = result.invalid.map((address) => ({
    of: "service",
    diagnostic: invalidAddress(where, address),
  }));
  if (result.subsetEmpty) findings.push({ of: "service", diagnostic: emptySubset(where, backend.name) });
  if (result.endpoints.length === 0) findings.push({ of: "service", diagnostic: noEndpoints(where) });
  return { endpoints: result.endpoints, findings };
}

function external(service: Service, target: ServiceTarget, { settings }: TranslateContext): Resolved {
  const where = `${target.namespace}/${target.name}`;
  if (!settings.allowExternalName) return nothing("users", externalName(where, target.name));
  const port = externalPort(service, target);
  if (port === undefined) return nothing("users", missingPort(where, service, target));
  const found = externalEndpoints(service, port, settings.dns);
  return {
    ...found,
    findings: found.findings.map((diagnostic): Finding => ({ of: "service", diagnostic })),
  };
}

function nothing(of: Finding["of"], diagnostic: Finding["diagnostic"]): Resolved {
  return { endpoints: [], findings: [{ of, diagnostic }] };
}

function hasClusterAddress(service: Service): boolean {
  return (
    service.spec.clusterIP !== undefined && service.spec.clusterIP !== "" && service.spec.clusterIP !== "None"
  );
}

/** Whether pods belong to the backend, by the policies of its variant; undefined when it is no subset. */
function podSelector(
  namespace: string,
  backend: Backend,
  context: TranslateContext,
): ((podName: string | undefined) => boolean) | undefined {
  const selecting = context.features.filter(
    (feature: Feature) => feature.selectPod !== undefined && backend.variant[feature.id] !== undefined,
  );
  if (selecting.length === 0) return undefined;
  return (podName) => {
    // An endpoint without a pod has no labels; one whose pod is not known belongs nowhere.
    const labels = podName === undefined ? {} : context.store.get("Pod", namespace, podName)?.metadata.labels;
    if (labels === undefined) return false;
    return selecting.every((feature) => feature.selectPod?.(backend.variant[feature.id], labels));
  };
}

function missingService(where: string, name: string): Finding["diagnostic"] {
  return {
    code: "service-missing",
    severity: "warning",
    value: name,
    message: `The Service ${where} does not exist: its routes answer 503.`,
    expected: "a Service of that name",
  };
}

function missingPort(where: string, service: Service, target: ServiceTarget): Finding["diagnostic"] {
  const names = service.spec.ports.map(({ port, name }) =>
    name === undefined ? `${port}` : `${port} (${name})`,
  );
  const wanted =
    target.port === "first"
      ? "at least one"
      : "number" in target.port
        ? `${target.port.number}`
        : target.port.name;
  return {
    code: "service-port-missing",
    severity: "warning",
    value: wanted,
    message: `The Service ${where} has no port ${wanted}: its routes answer 503.`,
    expected: names.length === 0 ? "a Service with ports" : `one of the ports ${names.join(", ")}`,
  };
}

function externalName(where: string, name: string): Finding["diagnostic"] {
  return {
    code: "service-external-name",
    severity: "warning",
    value: name,
    message: `The Service ${where} is of type ExternalName, which is not allowed: its routes answer 503.`,
    expected: "a Service with endpoints",
    hint: "The operator can allow it: --allow-external-name true.",
  };
}

function emptySubset(where: string, cluster: string): Finding["diagnostic"] {
  return {
    code: "subset-empty",
    severity: "warning",
    value: cluster,
    message: `No ready pod of the Service ${where} belongs to the subset (${cluster}): traffic goes to all its pods.`,
  };
}

function noEndpoints(where: string): Finding["diagnostic"] {
  return {
    code: "service-no-endpoints",
    severity: "info",
    message: `The Service ${where} has no ready endpoint: its routes answer 503.`,
  };
}

function invalidAddress(where: string, address: string): Finding["diagnostic"] {
  return {
    code: "endpoint-invalid",
    severity: "warning",
    value: address,
    message: `The Service ${where} has an endpoint whose address cannot be used: it is skipped.`,
    expected: "an IPv4 or IPv6 address",
  };
}
