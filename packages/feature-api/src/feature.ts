import type {
  Backend,
  BackendTarget,
  Condition,
  ConfigMap,
  ErrorPages,
  GatewaySettings,
  HostTls,
  IpAccess,
  Mirror,
  ObjectRef,
  PathMatch,
  Policies,
  RedirectAction,
  RespondAction,
  Secret,
  Service,
  WeightedBackend,
} from "@sluice/model";
import type {
  Cluster,
  ClusterHttpProtocolOptions,
  HttpFilter,
  Route,
  RouteConfiguration,
  UpstreamTlsContext,
  VirtualHost,
} from "@sluice/protos";
import type { KeyTable, Values } from "./keys.ts";
import type { Report } from "./report.ts";
import type { DraftStage, FilterStage } from "./stages.ts";

/**
 * `route`: the annotation acts on the rules of its own Ingress. `domain`: on the hosts of the Ingress, wherever
 * they occur. `service`: on its backend Services, wherever they are used. For the latter two the values of all
 * Ingresses concerned are merged key by key, the oldest Ingress first, before the feature parses them.
 */
export type FeatureScope = "route" | "domain" | "service";

/** Recorded reads of objects that annotations refer to. Own namespace only, unless the operator allows more. */
export interface References {
  /** The ConfigMap that `text` (`[namespace/]name`) names, or why it cannot be had, in words. */
  configMap(text: string): { readonly found?: ConfigMap; readonly fault?: string };
  /** The Secret that `text` (`[namespace/]name`) names, or why it cannot be had, in words. Its bytes are never printed. */
  secret(text: string): { readonly found?: Secret; readonly fault?: string };
  /**
   * The name by which the gateway can show the certificate in the Secret that `text` names, or why it cannot, in words. See
   * {@link FeatureSpec.clientCertificate}.
   */
  certificate(text: string): { readonly name?: string; readonly fault?: string };
  /**
   * The name of the authority for clients' certificates in the Secret that `text` names (`ca.crt`, and `ca.crl` if there),
   * or in the one with `-cacert` behind its name; or why there is none, in words.
   */
  authority(text: string): { readonly name?: string; readonly fault?: string };
  service(namespace: string, name: string): Service | undefined;
  /** How many Envoys share the traffic of the gateway, at least 1. Recorded: what asks is made anew when there are more or fewer. */
  instances(): number;
  /** True if the backend has an endpoint that takes traffic. Recorded: the route is made anew when it flips. */
  hasReadyEndpoint(target: BackendTarget): boolean;
}

/** What every hook may look at that judges user input. */
export interface FeatureContext {
  /** The object that holds the annotations; with merged scopes, the oldest that has one of the keys. */
  readonly object: ObjectRef;
  readonly report: Report;
  readonly references: References;
}

export interface ParseContext extends FeatureContext {
  /** True if the annotation (key without prefix), of whatever feature, is there and not blank: for reports about keys that do not go together. */
  isSet(key: string): boolean;
  /** The annotation (key without prefix) with the prefix that counts, as the user wrote it: for reports about who wrote it. */
  written(key: string): string | undefined;
  /**
   * The references that the Ingress that holds the annotation (key without prefix) may make. Where several Ingresses
   * share a policy, nobody may name a Secret by the right of another's namespace.
   */
  referencesOf(key: string): References;
  /** The value of the annotation (key without prefix), of whatever feature, that counts; `""` if there is none. */
  text(key: string): string;
}

/** What the endpoints of a Service speak. */
export interface BackendSpeech {
  readonly protocol?: "http1" | "http2";
  readonly tls?: true;
}

/** A route in the making. Every hook returns a new draft or the same one. */
export interface RouteDraft {
  readonly path: PathMatch;
  readonly conditions: readonly Condition[];
  readonly backends: readonly WeightedBackend[];
  /** Where copies of its requests go. */
  readonly mirror?: Mirror;
  /** Who answers in place of answers with certain codes. */
  readonly errorPages?: Pick<ErrorPages, "backend" | "codes">;
  /** Set: the gateway answers itself, whatever the backends are. */
  readonly answer?: RedirectAction | RespondAction;
  /** True: the rule cannot be served and is left out. The hook that sets it has reported why. */
  readonly dropped?: true;
  /** Policies to put on this route in place of, or besides, those of its Ingress; by feature id. */
  readonly extraPolicies?: Policies;
}

export interface DraftContext extends FeatureContext {
  /** The path as the rule has it. */
  readonly rulePath: string;
  /** The backend as the rule has it. */
  readonly ruleBackend: Backend | undefined;
  /** All policies of the Ingress; a hook may look at another feature's through that feature's own helper. */
  readonly policies: Policies;
  /** Makes a backend; its variant starts empty. */
  backend(target: BackendTarget): Backend;
}

/**
 * What makes an Ingress a variant (a canary) of the rules of another with the same host, path and conditions.
 * Tiers: claims of all variants, then cookie claims, then weights; within a tier the oldest first.
 */
export interface Variant {
  /** All hold: the variant takes the request. Empty: no claim. */
  readonly claim: readonly Condition[];
  /** One holds: the variant never takes the request, neither by cookie nor by weight. */
  readonly refuse: readonly Condition[];
  readonly cookieClaim: readonly Condition[];
  /** One holds: the variant does not take the request by weight. */
  readonly cookieRefuse: readonly Condition[];
  /** Share of `total` of what no rule claimed. 0: none. */
  readonly weight: number;
  /** Set only when the annotation is. */
  readonly total?: number;
}

/** What a node can do, from its first request. */
export interface NodeCapabilities {
  /** True if the node has the extension of this name or configuration type URL. */
  has(extension: string): boolean;
}

/** What a route hook may look at; the message it writes is new and owned by the caller. */
export interface RouteHookContext {
  /** Names the route, for names of per-route resources. */
  readonly routeName: string;
  /** Policies in force on the route, all scopes. */
  readonly policies: Policies;
  /** How the route matches its path: rewriting by prefix or by regex depends on it. */
  readonly path: PathMatch;
  readonly https: boolean;
  /** The address lists of the gateway, which a route that has lists of its own has to take in. */
  readonly gatewayIpAccess?: IpAccess;
  /** Name of the cluster that answers in place of the codes of the route's error pages, if it has any. */
  readonly errorPagesCluster?: string;
}

/**
 * One family of annotations. A feature says what its keys are, how they become a typed policy, what the policy
 * does to the gateway model, and what Envoy needs for it. All hooks are pure; hooks of the model never see Envoy's.
 */
export interface FeatureSpec<K extends KeyTable, P> {
  /** Kebab-case; the name of the file, of the documentation page, and of the policy. */
  readonly id: string;
  /** Title of the documentation page. */
  readonly title: string;
  readonly scope: FeatureScope;
  /** What a bad value means: the annotation is ignored, or its routes answer 503 (protections). */
  readonly onInvalid: "ignore" | "deny";
  readonly keys: K;
  /** Extension type URLs without which the feature cannot act; checked against the node. */
  readonly requires?: readonly string[];
  /** True: a canary has this of its own, and nothing of its main rule's. */
  readonly perVariant?: boolean;

  /**
   * Typed values to a policy; undefined when there is nothing to do. Bad values of single keys are reported
   * already and absent here. Called only when one of the keys is present.
   */
  readonly parse: (values: Values<K>, context: ParseContext) => P | undefined;

  /**
   * Scope service: whether an Ingress asks, by its own values, for what the feature does on routes of its own
   * (an affinity cookie is set by the routes of those Ingresses only, whoever else uses the Service). Routes of
   * such an Ingress and of its canaries carry the policy `askMark(id)`.
   */
  readonly asks?: (values: Values<K>) => boolean;

  // The gateway model.
  readonly draftStage?: DraftStage;
  readonly draft?: (draft: RouteDraft, policy: P, context: DraftContext) => RouteDraft;
  readonly variant?: (policy: P) => Variant | undefined;
  /** Routes that come before all others on the hosts of the Ingress (scope domain). */
  readonly hostRoutes?: (policy: P) => readonly HostRoute[];
  /**
   * Other hosts that are served on account of a host (scope domain), by what the annotations say of it. A host that any
   * Ingress has rules for is never taken; of several that want one host, the oldest Ingress gets it.
   */
  readonly otherHosts?: (policy: P, host: string) => readonly OtherHost[];
  /** Scope domain: true passes the TLS of the hosts on to the backend of their `/`, if the operator allows it. */
  readonly passesTls?: (policy: P) => boolean;
  /** The part of a cluster's name, and the policy that the cluster hook then sees, when routes that differ need clusters of their own. */
  readonly backendVariant?: (
    policy: P,
    backend: Backend,
  ) => { readonly suffix: string; readonly policy: unknown } | undefined;

  /**
   * What plain HTTP gets instead of the route's own action, or undefined for the action itself. Asked of every
   * route, with the policy of its Ingress if there is one.
   */
  readonly httpRedirect?: (policy: P | undefined, context: HttpRedirectContext) => RedirectAction | undefined;
  /** With the policy of a backend variant: whether a pod with these labels belongs to it. */
  readonly selectPod?: (policy: P, labels: Readonly<Record<string, string>>) => boolean;
  /** With the policy of a Service: whether its cluster IP stands in for its endpoints. */
  readonly useClusterAddress?: (policy: P) => boolean;

  /** With the policy of a Service or of a backend variant: what its endpoints speak, whatever its ports say. */
  readonly speaks?: (policy: P) => BackendSpeech | undefined;
  /**
   * With the policy of a Service: the backend variant that requests over HTTPS go to, when what their clients speak
   * makes a difference to the cluster.
   */
  readonly httpsVariant?: (policy: P) => { readonly suffix: string; readonly policy: unknown } | undefined;

  /** With the policy of a Service: the name of the certificate that the gateway shows to its endpoints, over TLS. */
  readonly clientCertificate?: (policy: P) => string | undefined;

  /**
   * For explanations, with the policy of the route that takes a request: the answer that the request may get before it is
   * forwarded, and when, as a sentence. Undefined: this request gets none.
   */
  readonly mayAnswer?: (policy: P, request: ExplainedRequest) => string | undefined;

  /**
   * For a protection that several Ingresses share: the oldest with one of the keys `by` sets all its keys alone, so that
   * no other loosens what it left at a default. Younger ones can still add the keys `tightening`, which only refuse more.
   */
  readonly claim?: { readonly by: readonly string[]; readonly tightening: readonly string[] };

  /**
   * What a host demands of TLS handshakes (scope domain), or why it cannot be had, in words. With a feature whose
   * `onInvalid` is `deny`, the host then answers 503.
   */
  readonly hostTls?: (policy: P, context: HostTlsContext) => HostTls | HostTlsFault;

  // Envoy.
  readonly stage?: FilterStage;
  /** Filters to install, of the same types whatever the settings, disabled; a route that uses one enables it by its per-filter configuration. */
  readonly httpFilters?: (settings: GatewaySettings) => readonly HttpFilter[];
  /** More of them, which stand before or behind all others of a stage: what such a filter sees tells how far a request came. */
  readonly edgeFilters?: () => readonly EdgeFilter[];
  /** Writes defaults that hold for every route of the gateway, whether or not a policy is set. */
  readonly routeConfiguration?: (out: RouteConfiguration) => void;
  /** Called for every host, with its policy if it has one (scope domain). */
  readonly virtualHost?: (
    out: VirtualHost,
    policy: P | undefined,
    context: { readonly https: boolean },
  ) => void;
  /** Called for every route that forwards, with the policy if the route has one. Only what differs from the defaults is written. */
  readonly route?: (out: Route, policy: P | undefined, context: RouteHookContext) => void;
  /**
   * Called for every route that answers itself (a redirect, a refusal), with the policy if the route has one: the routes
   * to serve in its place, in order, each matching no more than it does. Envoy's filters may pass over such routes.
   */
  readonly answers?: (route: Route, policy: P | undefined, context: RouteHookContext) => readonly Route[];
  /** Called for every cluster, with the service policy or the variant's policy if it has one. */
  readonly cluster?: (out: Cluster, policy: P | undefined) => void;
  /** Called for the clusters that have such a policy, with their HTTP options. */
  readonly clusterHttp?: (out: ClusterHttpProtocolOptions, policy: P) => void;
  /** Called for the clusters that have such a policy and speak TLS. */
  readonly clusterTls?: (out: ClusterTls, policy: P) => void;
}

export interface HostTlsContext {
  /** `*`: the rules without a host, which have no handshake of their own. */
  readonly host: string;
  /** `namespace/name` of the Secret with the host's certificate; absent if it has none that can be used. */
  readonly certificate?: string;
  /** The authority in that Secret, or in the one beside it. See {@link References.authority}. */
  authorityOf(certificate: string): { readonly name?: string; readonly fault?: string };
}

export interface HostTlsFault {
  readonly fault: string;
  /** The annotation (key without prefix) to blame. */
  readonly key: string;
}

/** A filter at the beginning or the end of a stage. */
export interface EdgeFilter {
  readonly stage: FilterStage;
  readonly edge: "first" | "last";
  readonly filter: HttpFilter;
}

/** What a cluster that speaks TLS is told of it. */
export interface ClusterTls {
  readonly tls: UpstreamTlsContext;
  /** Options that TLS needs follow the request: SNI by its host. */
  readonly http: ClusterHttpProtocolOptions;
}

/** What an explanation knows of a request. */
export interface ExplainedRequest {
  readonly method: string;
  /** Values by name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Whether the route forwards it; else the gateway answers anyway. */
  readonly isForwarded: boolean;
}

export interface HttpRedirectContext {
  readonly hostHasCertificate: boolean;
  /** The path as the rule has it. */
  readonly rulePath: string;
  /** What the operator wants when no annotation says so. */
  readonly defaultRedirect: boolean;
  /** Port on which clients reach HTTPS. Default 443. */
  readonly httpsPort?: number;
}

export interface HostRoute {
  /** Behind `namespace/ingress/` of the Ingress that decides it. */
  readonly name: string;
  readonly path: PathMatch;
  readonly answer: RedirectAction | RespondAction;
}

export interface OtherHost {
  /** As `hostName` gives it. */
  readonly host: string;
  /** What all its requests get. Absent: it is as the host is, with its certificate, routes and policies. */
  readonly answer?: RedirectAction;
}

/** A feature whose policy type is hidden: what translate and xds hold in their lists. */
export type Feature = FeatureSpec<KeyTable, unknown>;

/**
 * Declares a feature. The type of its policy is checked here, between `parse` and the hooks, and hidden from the
 * rest of the product, which passes policies along by feature id without looking inside.
 */
export function defineFeature<K extends KeyTable, P>(spec: FeatureSpec<K, P>): Feature {
  // Policies are produced and consumed by one feature only; the pairing by id is what makes the erasure sound.
  return spec as unknown as Feature;
}
