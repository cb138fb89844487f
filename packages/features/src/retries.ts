import { defineFeature, int, key, seconds } from "@sluice/feature-api";
import { any, type HeaderValueOption, type RetryPolicy } from "@sluice/protos";
import { DEFAULT_RETRY_WORDS, type RetryWords, retryWordsType } from "./support/retry-words.ts";

type RetriesPolicy =
  | { readonly off: true }
  | {
      readonly off: false;
      /** Retries after the first try. */
      readonly tries: number;
      /** Seconds. */
      readonly perTry?: number;
      readonly words: RetryWords;
    };

const DEFAULT_TRIES = 3;

/**
 * Bytes of a request that are kept for another try; a request of which more has come in by then is not tried
 * again. Envoy's default is the connection's buffer, which is made small so that clients cannot fill the memory,
 * and would turn a failed connect into an error for most uploads.
 */
const KEPT_BYTES = 128 * 1024;

/** Nothing of the request has reached a backend, so that any request may be tried again. */
const SAFE_CONDITIONS = "connect-failure,refused-stream,reset-before-request";

/**
 * Envoy holds one set of conditions per route, whatever the method is. The router adds those in this header (and
 * removes it), so conditions under which a request is sent twice are there, written by method. Written for every
 * request, it also replaces one that a client sends.
 */
const CONDITIONS_HEADER = "x-envoy-retry-on";

/** What the header says where it has nothing to add: a condition that always holds. Empty would keep a client's. */
const NOTHING_MORE = "connect-failure";

const KEYS = {
  "proxy-next-upstream-tries": int(0, 1000, {
    doc: "How often a request is tried again after the first try. 0 means the default.",
    example: "2",
    default: "3",
    nginx:
      "ingress-nginx counts the first try too: 3 there is 2 here, 1 there is no retry at all, 0 no limit.",
  }),
  "proxy-next-upstream-timeout": seconds({
    doc: "Seconds for each try, after which the next one begins. 0: no limit.",
    example: "5",
    default: "no limit",
    nginx: "ingress-nginx: for all tries together.",
  }),
  "proxy-next-upstream": key(retryWordsType, {
    doc: "When a request is tried again, at another endpoint first. `error` and `timeout`: the connection or the try failed, or the answer is 5xx; `invalid_header`: the answer is 5xx; `http_CODE`: the answer has this code; `off`: never. POST, LOCK and PATCH are not sent twice unless `non_idempotent` is there as well; a failed connect is always tried again.",
    example: "error timeout http_502",
    default: "error timeout, where answers of 5xx count only if one of the retry annotations is set",
    nginx: "ingress-nginx does not count answers of 5xx as error or timeout.",
    higress: "Higress retries on the same words, but a POST also when it was sent already.",
  }),
};

/** Retries: by default failed connections and resets, three times, at another endpoint. */
export const retries = defineFeature({
  id: "retries",
  title: "Retries",
  scope: "route",
  onInvalid: "ignore",
  keys: KEYS,

  parse: (values, { report }): RetriesPolicy | undefined => {
    const { "proxy-next-upstream": words, "proxy-next-upstream-timeout": perTry } = values;
    const tries = values["proxy-next-upstream-tries"];
    if (words === undefined && perTry === undefined && tries === undefined) return undefined;
    if (words?.off) return { off: true };
    if (tries === 0)
      report.note("proxy-next-upstream-tries", {
        message: `proxy-next-upstream-tries: 0 means the default, ${DEFAULT_TRIES} retries; it does not mean no limit.`,
        expected: "1 or more",
        hint: "To switch retries off, set proxy-next-upstream to off.",
      });
    if (words !== undefined && riskyConditions(words) === "")
      report.note("proxy-next-upstream", {
        message:
          "proxy-next-upstream: non_idempotent alone names no condition, so only requests that no backend has seen are tried again.",
        expected: "a condition as well, for instance error timeout non_idempotent",
      });
    return {
      off: false,
      tries: tries || DEFAULT_TRIES,
      ...(perTry ? { perTry } : {}),
      words: words ?? DEFAULT_RETRY_WORDS,
    };
  },

  routeConfiguration: (out) => {
    // The gateway's headers first, then those of a route, which may replace them.
    out.mostSpecificHeaderMutationsWins = true;
    out.requestHeadersToAdd = [...(out.requestHeadersToAdd ?? []), conditionsHeader(byMethod("reset"))];
  },

  virtualHost: (out) => {
    out.retryPolicy = retryPolicy(DEFAULT_TRIES, SAFE_CONDITIONS);
    out.requestBodyBufferLimit = { value: KEPT_BYTES };
  },

  route: (out, policy) => {
    if (policy === undefined || out.route === undefined) return;
    if (policy.off) {
      // Conditions may still come by header; without tries they do nothing.
      out.route.retryPolicy = { numRetries: { value: 0 } };
      return;
    }
    const { words, tries, perTry } = policy;
    const risky = riskyConditions(words);
    const always = words.nonIdempotent && risky !== "" ? `${SAFE_CONDITIONS},${risky}` : SAFE_CONDITIONS;
    out.route.retryPolicy = {
      ...retryPolicy(tries, always),
      ...(perTry === undefined ? {} : { perTryTimeout: { seconds: perTry } }),
      ...(words.statuses.length === 0 ? {} : { retriableStatusCodes: words.statuses }),
    };
    const more = words.nonIdempotent || risky === "" ? NOTHING_MORE : byMethod(risky);
    out.requestHeadersToAdd = [...(out.requestHeadersToAdd ?? []), conditionsHeader(more)];
  },
});

/** Conditions under which a backend may have acted on the request. In Envoy `5xx` includes resets and timed-out tries. */
function riskyConditions({ failures, serverErrors, statuses }: RetryWords): string {
  return [
    ...(failures || serverErrors ? ["5xx"] : []),
    ...(statuses.length > 0 ? ["retriable-status-codes"] : []),
  ].join(",");
}

/** A format that yields the conditions, but not for the methods that nginx too does not send twice. */
function byMethod(conditions: string): string {
  return `%CEL(request.method in ['POST', 'PATCH', 'LOCK'] ? '${NOTHING_MORE}' : '${conditions}')%`;
}

function conditionsHeader(value: string): HeaderValueOption {
  return { header: { key: CONDITIONS_HEADER, value }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" };
}

function retryPolicy(tries: number, retryOn: string): RetryPolicy {
  return {
    retryOn,
    numRetries: { value: tries },
    retryHostPredicate: [PREVIOUS_HOSTS],
    // Random choices hit a tried endpoint again, with two endpoints every second time.
    hostSelectionRetryMaxAttempts: 10,
    // Another endpoint is likely well, so there is little to wait for.
    retryBackOff: { baseInterval: { nanos: 5_000_000 }, maxInterval: { nanos: 100_000_000 } },
  };
}

const PREVIOUS_HOSTS = {
  name: "envoy.retry_host_predicates.previous_hosts",
  typedConfig: any("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate", {}),
};
