import type { LossKind } from "./decide.ts";
import type { Refusal, SeenRequest } from "./request.ts";
import type { AnnotationText } from "./view.ts";

/** What becomes of a request, and why. Plain data: it survives JSON. */
export interface Explanation {
  /** As asked. */
  readonly asked: { readonly method: string; readonly url: string };
  /** Absent if the request cannot be read. */
  readonly request?: SeenRequest;
  /** Set: the gateway answers before it looks at any route; there are no outcomes. */
  readonly refused?: Refusal;
  /** Absent if no host takes the request. */
  readonly host?: HostChoice;
  /** At least one unless refused; their percentages add up to 100. */
  readonly outcomes: readonly Outcome[];
  /** Other routes and why they lost; those that came close first. */
  readonly competitors: readonly Competitor[];
  readonly notes: readonly string[];
}

export interface HostChoice {
  readonly name: string;
  readonly reason: string;
  readonly origins: readonly string[];
  /** Name of the certificate that its clients see. Absent: the default one. */
  readonly certificate?: string;
}

export interface Outcome {
  /** Of requests like this one. */
  readonly percent: number;
  /** The name that Envoy logs. Absent: no route matches. */
  readonly route?: string;
  /** What the route demands, in words. */
  readonly match?: string;
  readonly origins: readonly string[];
  readonly action: ActionOutcome;
  /** In force on the route, by feature. Those of the backend's cluster are with the backend. */
  readonly policies: readonly PolicyInForce[];
}

export type ActionOutcome = ForwardOutcome | RedirectOutcome | RespondOutcome | PassthroughOutcome;

/** The connection goes on to a backend unopened: what becomes of the request is the backend's to say. */
export interface PassthroughOutcome {
  readonly kind: "passthrough";
  /** Absent: the connection is closed, because of `reason`. */
  readonly backend?: BackendOutcome;
  readonly reason?: string;
}

export interface ForwardOutcome {
  readonly kind: "forward";
  readonly backends: readonly BackendOutcome[];
  readonly mirror?: MirrorOutcome;
  /** Set: answers with these codes are replaced by those of this Service. */
  readonly errorPages?: { readonly codes: readonly number[]; readonly by: string; readonly fault?: string };
}

/** Where copies of the requests go; what becomes of them changes nothing for the request. */
export interface MirrorOutcome {
  /** Of the requests that the route takes. */
  readonly percent: number;
  /** The host that the copy names. Absent: that of the request, with `-shadow` behind it. */
  readonly host?: string;
  readonly backend: BackendOutcome;
}

export interface RedirectOutcome {
  readonly kind: "redirect";
  readonly status: number;
  readonly location: string;
  /** Set: only because the request came over plain HTTP; what HTTPS would get, in words. */
  readonly overHttps?: string;
}

export interface RespondOutcome {
  readonly kind: "respond";
  readonly status: number;
  readonly reason: string;
}

export interface BackendOutcome {
  readonly cluster: string;
  /** Of the requests that the route takes. */
  readonly percent: number;
  readonly target: string;
  readonly protocol?: "http1" | "http2" | "tcp";
  readonly endpoints: readonly {
    readonly address: string;
    readonly health: "healthy" | "draining";
    readonly zone?: string;
  }[];
  /** Set: requests to it get 503, copies of requests are dropped; and why. */
  readonly fault?: string;
  readonly policies: readonly PolicyInForce[];
}

export interface PolicyInForce {
  readonly feature: string;
  readonly value: unknown;
  readonly annotations: readonly AnnotationText[];
}

/** One route that lost, or several with the same reason. */
export interface Competitor {
  readonly host: string;
  readonly kind: LossKind;
  /** The first of them. */
  readonly route: string;
  /** How many they are. */
  readonly count: number;
  readonly match: string;
  readonly reason: string;
}
