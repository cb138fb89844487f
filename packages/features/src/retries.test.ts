import { describe, expect, test } from "vitest";
import { retries } from "./retries.ts";
import { sharedBy, tryFeature } from "./support/try-feature.ts";

const SAFE = "connect-failure,refused-stream,reset-before-request";
const NEXT = "proxy-next-upstream";

function byMethod(conditions: string): string {
  return `%CEL(request.method in ['POST', 'PATCH', 'LOCK'] ? 'connect-failure' : '${conditions}')%`;
}

describe("every route", () => {
  test("tries three times more, elsewhere, when nothing has been sent", () => {
    expect(sharedBy(retries).virtualHost.retryPolicy).toMatchObject({
      retryOn: SAFE,
      numRetries: { value: 3 },
      retryHostPredicate: [{ name: "envoy.retry_host_predicates.previous_hosts" }],
    });
  });

  test("keeps enough of a request to send it again", () => {
    expect(sharedBy(retries).virtualHost.requestBodyBufferLimit).toEqual({ value: 131_072 });
  });

  test("also tries again after a reset, but for methods that are not sent twice", () => {
    expect(sharedBy(retries).routeConfiguration).toEqual({
      name: "rc",
      mostSpecificHeaderMutationsWins: true,
      requestHeadersToAdd: [
        {
          header: { key: "x-envoy-retry-on", value: byMethod("reset") },
          appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
        },
      ],
    });
  });

  test("has nothing of it of its own", () => {
    expect(tryFeature(retries, {}).route()).toEqual({ route: { cluster: "c" } });
  });
});

/** What a route with annotations says: conditions for all methods, and the header with those by method. */
function conditions(annotations: Readonly<Record<string, string>>): unknown {
  const { route, requestHeadersToAdd } = tryFeature(retries, annotations).route();
  const policy = route?.retryPolicy;
  return {
    always: policy?.retryOn,
    tries: policy?.numRetries?.value,
    statuses: policy?.retriableStatusCodes,
    perTry: policy?.perTryTimeout?.seconds,
    header: requestHeadersToAdd?.map(({ header }) => header?.value).join(),
  };
}

describe("conditions", () => {
  test.each<[Record<string, string>, object]>([
    [{ "proxy-next-upstream-tries": "1" }, { tries: 1, header: byMethod("5xx") }],
    [{ "proxy-next-upstream-timeout": "2" }, { perTry: 2, header: byMethod("5xx") }],
    [{ "proxy-next-upstream-timeout": "0" }, { header: byMethod("5xx") }],
    [{ [NEXT]: "error" }, { header: byMethod("5xx") }],
    [{ [NEXT]: "timeout" }, { header: byMethod("5xx") }],
    [{ [NEXT]: "invalid_header" }, { header: byMethod("5xx") }],
    [{ [NEXT]: "http_503" }, { statuses: [503], header: byMethod("retriable-status-codes") }],
    [
      { [NEXT]: "http_503, error http_429,,http_503" },
      { statuses: [429, 503], header: byMethod("5xx,retriable-status-codes") },
    ],
    [{ [NEXT]: "error non_idempotent" }, { always: `${SAFE},5xx`, header: "connect-failure" }],
    [
      { [NEXT]: "http_404 non_idempotent" },
      { always: `${SAFE},retriable-status-codes`, statuses: [404], header: "connect-failure" },
    ],
  ])("%j", (annotations, expected) => {
    expect(tryFeature(retries, annotations).findings).toEqual([]);
    expect(conditions(annotations)).toEqual({
      always: SAFE,
      tries: 3,
      statuses: undefined,
      perTry: undefined,
      ...expected,
    });
  });

  test("another endpoint is tried first", () => {
    const { route } = tryFeature(retries, { "proxy-next-upstream-tries": "2" }).route();
    expect(route?.retryPolicy).toMatchObject({
      retryHostPredicate: [{ name: "envoy.retry_host_predicates.previous_hosts" }],
      hostSelectionRetryMaxAttempts: 10,
    });
  });

  test("off beats the rest", () => {
    const tried = tryFeature(retries, {
      [NEXT]: "error off http_503",
      "proxy-next-upstream-tries": "9",
      "proxy-next-upstream-timeout": "9",
    });
    expect(tried.findings).toEqual([]);
    expect(tried.route()).toEqual({ route: { cluster: "c", retryPolicy: { numRetries: { value: 0 } } } });
  });

  test("0 tries are the default, and reported", () => {
    const annotations = { "proxy-next-upstream-tries": "0" };
    expect(tryFeature(retries, annotations).findings).toEqual(["proxy-next-upstream-tries annotation-value"]);
    expect(conditions(annotations)).toMatchObject({ tries: 3 });
  });

  test("non_idempotent alone is no condition, and reported", () => {
    const annotations = { [NEXT]: "non_idempotent" };
    expect(tryFeature(retries, annotations).findings).toEqual([`${NEXT} annotation-value`]);
    expect(conditions(annotations)).toMatchObject({ always: SAFE, header: "connect-failure" });
  });
});

describe("bad values", () => {
  test.each([
    [NEXT, "errors"],
    [NEXT, "error;timeout"],
    [NEXT, "http_200"],
    [NEXT, "http_5xx"],
    [NEXT, "http_5031"],
    [NEXT, "Error"],
    [NEXT, ","],
    ["proxy-next-upstream-tries", "-1"],
    ["proxy-next-upstream-tries", "two"],
    ["proxy-next-upstream-tries", "1001"],
    ["proxy-next-upstream-timeout", "5s"],
  ])("%s: %j is reported and changes nothing", (key, text) => {
    const tried = tryFeature(retries, { [key]: text });
    expect(tried.findings).toEqual([`${key} annotation-value`]);
    expect(tried.route()).toEqual({ route: { cluster: "c" } });
  });
});
