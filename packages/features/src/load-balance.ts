import {
  askMark,
  bool,
  defineFeature,
  enumType,
  key,
  type Report,
  raw,
  seconds,
  type Values,
} from "@sluice/feature-api";
import type { Policies } from "@sluice/model";
import type { Cluster, Cluster_SlowStartConfig } from "@sluice/protos";
import {
  type AffinityCookie,
  cookieDomainType,
  cookieNameType,
  cookiePathType,
  followCookie,
  sameSiteType,
  sessionFilters,
} from "./support/affinity-cookie.ts";
import { type HashKey, hashKeyType, hashPolicies } from "./support/hash-key.ts";

const ID = "load-balance";

/** What is in force; a key that another one beats is absent. */
interface LoadBalancePolicy {
  readonly algorithm: "round_robin" | "least_conn" | "random" | "hash";
  /** Seconds; only with round_robin and least_conn. */
  readonly warmup?: number;
  readonly hashKey?: HashKey;
  readonly cookie?: AffinityCookie;
}

const NO_EFFECT = {
  doc: "It has no effect on Envoy.",
  effect: "none",
  nginx: "It has no effect here.",
} as const;

const KEYS = {
  "load-balance": key(enumType(["round_robin", "least_conn", "random"], true), {
    doc: "How endpoints of the Service are chosen. `least_conn` takes the less busy one of two chosen at random.",
    example: "least_conn",
    default: "round_robin",
    nginx: "ewma is not known here: round_robin is used.",
  }),
  "upstream-hash-by": key(hashKeyType, {
    doc: "Requests with the same value of this variable go to the same endpoint: `$request_uri` (with its query), `$host`, `$remote_addr`, `$http_NAME`, `$arg_NAME` or `$cookie_NAME`, also with braces around the name. `_` in the NAME of a header stands for `-`. A request without a value goes to any endpoint. Beats `load-balance`.",
    example: "$request_uri",
    default: "requests are not hashed",
    nginx: "Text and combinations of variables are not possible.",
  }),
  "upstream-hash-by-subset": raw({ ...NO_EFFECT, example: "true", default: "false" }),
  "upstream-hash-by-subset-size": raw({ ...NO_EFFECT, example: "3", default: "3" }),
  warmup: seconds({
    doc: "Seconds in which the share of a new endpoint grows to a full one, linearly from a tenth. Only with `round_robin` and `least_conn`. 0: off.",
    example: "30",
    default: "off",
    nginx: "ingress-nginx has no such annotation.",
  }),
  affinity: key(enumType(["cookie"]), {
    doc: "Keeps a client at one endpoint by a cookie, which is set when the request has none. Implied by `session-cookie-name` and `session-cookie-path`. Beats `upstream-hash-by`.",
    example: "cookie",
    default: "none",
  }),
  "affinity-mode": key(enumType(["balanced", "persistent"]), {
    doc: "`balanced`: the cookie is hashed, so some sessions move when endpoints come and go. `persistent`: the cookie holds the endpoint's address, in base64, and a session moves only when its endpoint is gone.",
    example: "persistent",
    default: "balanced",
    higress: "Higress knows balanced only.",
  }),
  "session-cookie-name": key(cookieNameType, {
    doc: "Name of the affinity cookie.",
    example: "route",
    default: "INGRESSCOOKIE",
  }),
  "session-cookie-path": key(cookiePathType, {
    doc: "Path of the affinity cookie.",
    example: "/shop",
    default: "/",
    nginx: "ingress-nginx: the path of the rule.",
  }),
  "session-cookie-max-age": seconds({
    doc: "Seconds for which browsers keep the affinity cookie. 0: until they are closed.",
    example: "172800",
    default: "until the browser is closed",
  }),
  "session-cookie-expires": seconds({
    doc: "The same as `session-cookie-max-age`, which beats it.",
    example: "172800",
    default: "until the browser is closed",
    nginx: "Written as Max-Age, not as Expires.",
  }),
  "session-cookie-samesite": key(sameSiteType, {
    doc: "`SameSite` of the affinity cookie.",
    example: "Lax",
    default: "not set",
  }),
  "session-cookie-secure": bool({
    doc: "Marks the affinity cookie `Secure` on plain HTTP as well; over HTTPS it always is.",
    example: "true",
    default: "false",
  }),
  "session-cookie-domain": key(cookieDomainType, {
    doc: "`Domain` of the affinity cookie.",
    example: "example.com",
    default: "not set: the host of the request only",
  }),
  "session-cookie-change-on-failure": bool({ ...NO_EFFECT, example: "false", default: "false" }),
  "session-cookie-conditional-samesite-none": bool({ ...NO_EFFECT, example: "false", default: "false" }),
};

type KeyValues = Values<typeof KEYS>;

/** Choice of an endpoint: algorithm, slow start, hashing, cookie affinity. */
export const loadBalance = defineFeature({
  id: ID,
  title: "Load balancing and affinity",
  scope: "service",
  onInvalid: "ignore",
  keys: KEYS,

  parse: (values, { report }): LoadBalancePolicy | undefined => {
    const cookie = wantsCookie(values) ? affinityCookie(values) : undefined;
    const hashKey = cookie === undefined ? values["upstream-hash-by"] : undefined;
    const hashed = hashKey !== undefined || cookie?.mode === "balanced";
    const algorithm = hashed ? "hash" : (values["load-balance"] ?? "round_robin");
    const warm = algorithm === "round_robin" || algorithm === "least_conn";
    reportBeaten(values, report, { cookie: cookie !== undefined, hashed, warm });
    const warmup = warm && values.warmup ? values.warmup : undefined;
    if (algorithm === "round_robin" && warmup === undefined && cookie === undefined) return undefined;
    return {
      algorithm,
      ...(warmup === undefined ? {} : { warmup }),
      ...(hashKey === undefined ? {} : { hashKey }),
      ...(cookie === undefined ? {} : { cookie }),
    };
  },

  asks: wantsCookie,

  stage: "mutate",
  httpFilters: sessionFilters,

  route: (out, policy, { policies, https }) => {
    if (policy === undefined || out.route === undefined) return;
    if (policy.cookie !== undefined) followCookie(out, policy.cookie, policies[askMark(ID)] === true, https);
    else if (policy.hashKey !== undefined) out.route.hashPolicy = hashPolicies(policy.hashKey);
  },

  cluster: (out, policy) => {
    if (policy !== undefined) chooseEndpoints(out, policy);
  },
});

/** The name of the affinity cookie that the gateway sets on a route with these policies; undefined if it sets none. */
export function affinityCookieName(policies: Policies): string | undefined {
  // Policies are produced and consumed under the feature's id.
  const policy = policies[ID] as LoadBalancePolicy | undefined;
  return policies[askMark(ID)] === true ? policy?.cookie?.name : undefined;
}

function chooseEndpoints(out: Cluster, { algorithm, warmup }: LoadBalancePolicy): void {
  // Envoy's defaults for slow start: linear growth, from a tenth of the full weight.
  const slowStartConfig: Cluster_SlowStartConfig | undefined =
    warmup === undefined ? undefined : { slowStartWindow: { seconds: warmup } };
  switch (algorithm) {
    case "round_robin":
      if (slowStartConfig !== undefined) out.roundRobinLbConfig = { slowStartConfig };
      return;
    case "least_conn":
      out.lbPolicy = "LEAST_REQUEST";
      if (slowStartConfig !== undefined) out.leastRequestLbConfig = { slowStartConfig };
      return;
    case "random":
      out.lbPolicy = "RANDOM";
      return;
    case "hash":
      // Rather than Maglev, which moves more keys when endpoints change and costs more to build.
      out.lbPolicy = "RING_HASH";
      return;
  }
}

function wantsCookie(values: KeyValues): boolean {
  return (
    values.affinity !== undefined ||
    values["session-cookie-name"] !== undefined ||
    values["session-cookie-path"] !== undefined
  );
}

function affinityCookie(values: KeyValues): AffinityCookie {
  const sameSite = values["session-cookie-samesite"];
  const domain = values["session-cookie-domain"];
  return {
    mode: values["affinity-mode"] ?? "balanced",
    name: values["session-cookie-name"] ?? "INGRESSCOOKIE",
    path: values["session-cookie-path"] ?? "/",
    maxAge: values["session-cookie-max-age"] ?? values["session-cookie-expires"] ?? 0,
    ...(sameSite === undefined ? {} : { sameSite }),
    ...(domain === undefined ? {} : { domain }),
    secure: values["session-cookie-secure"] ?? false,
  };
}

/** Keys that only shape the cookie. */
const COOKIE_KEYS = [
  "affinity-mode",
  "session-cookie-max-age",
  "session-cookie-expires",
  "session-cookie-samesite",
  "session-cookie-secure",
  "session-cookie-domain",
] as const;

function reportBeaten(
  values: KeyValues,
  report: Report,
  is: { readonly cookie: boolean; readonly hashed: boolean; readonly warm: boolean },
): void {
  const say = (name: keyof typeof KEYS, message: string): void =>
    report.note(name, { code: "annotation-no-effect", message: `${name} has no effect: ${message}` });
  for (const name of ["upstream-hash-by-subset", "upstream-hash-by-subset-size"] as const)
    if (values[name] !== undefined) say(name, "requests are hashed over all endpoints.");
  for (const name of [
    "session-cookie-change-on-failure",
    "session-cookie-conditional-samesite-none",
  ] as const)
    if (values[name]) say(name, "Envoy has nothing like it.");
  if (is.cookie && values["upstream-hash-by"] !== undefined)
    say("upstream-hash-by", "the affinity cookie decides.");
  if (is.hashed && values["load-balance"] !== undefined)
    say("load-balance", "the endpoint is chosen by hash.");
  if (!is.warm && values.warmup) say("warmup", "it needs load-balance round_robin or least_conn.");
  if (!is.cookie)
    for (const name of COOKIE_KEYS)
      if (values[name] !== undefined) say(name, "there is no affinity cookie without affinity: cookie.");
}
