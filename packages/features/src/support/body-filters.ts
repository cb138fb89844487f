import { any, type HttpFilter } from "@sluice/protos";

/**
 * Answers 413 to a request that says to have more bytes than the route's metadata of this name allow, in `bytes`. Behind
 * {@link HOLD_UNSIZED}, which says it of what it has held, since that lets pass what is above the limit only with the last
 * piece of a body.
 */
export const LIMIT_FILTER = "sluice.body-size";

/** Holds bodies whose length is not said, and answers 413 to one that is larger than the route allows. */
export const HOLD_UNSIZED = "sluice.body-size.unsized";

/** Holds bodies whose length is said and less than {@link MAX_HELD}. */
export const HOLD_SIZED = "sluice.request-buffering";

/** The largest body that is held in memory: the largest number of eight digits, as lengths are told apart by their digits. */
export const MAX_HELD = 99_999_999;

/**
 * The same for all routes: what differs is data. A length that is no number is refused by Envoy itself, and so is a body
 * that is longer than said.
 */
const LIMIT_SCRIPT = `
function envoy_on_request(handle)
  local length = handle:headers():get("content-length")
  local limit = handle:metadata():get("bytes")
  if length == nil or limit == nil or tonumber(length) <= limit then return end
  handle:respond({[":status"] = "413", ["content-type"] = "text/plain"}, "Payload Too Large")
end
`;

function limitFilter(): HttpFilter {
  return {
    name: LIMIT_FILTER,
    typedConfig: any("envoy.extensions.filters.http.lua.v3.Lua", {
      sourceCodes: { limit: { inlineString: LIMIT_SCRIPT } },
    }),
  };
}

/**
 * In their order. That of the limit is enabled by a LuaPerRoute that names the script `limit`, the others by
 * {@link bufferPerRoute}. Nothing that talks both ways is held, as it would wait for ever: gRPC calls, and
 * upgraded connections (Envoy removes the header from what is none).
 */
export function bodyFilters(): readonly HttpFilter[] {
  const talks = [
    header("content-type", { prefix: "application/grpc" }),
    header("upgrade", { safeRegex: { googleRe2: {}, regex: ".*" } }),
  ];
  const sized = header("content-length", { safeRegex: { googleRe2: {}, regex: ".*" } });
  const holdable = header("content-length", { safeRegex: { googleRe2: {}, regex: "[0-9]{1,8}" } });
  return [
    bufferUnless(HOLD_UNSIZED, [...talks, sized]),
    limitFilter(),
    bufferUnless(HOLD_SIZED, [...talks, { notMatcher: holdable }]),
  ];
}

export function bufferPerRoute(maxBytes: number) {
  return any("envoy.extensions.filters.http.buffer.v3.BufferPerRoute", {
    buffer: { maxRequestBytes: { value: maxBytes } },
  });
}

interface Predicate {
  readonly singlePredicate?: object;
  readonly notMatcher?: Predicate;
}

function header(headerName: string, valueMatch: object): Predicate {
  const input = {
    name: headerName,
    typedConfig: any("envoy.type.matcher.v3.HttpRequestHeaderMatchInput", { headerName }),
  };
  return { singlePredicate: { input, valueMatch } };
}

/** A buffer filter that passes over requests to which one of the predicates applies. */
function bufferUnless(name: string, predicates: readonly Predicate[]): HttpFilter {
  const skip = {
    name: "skip",
    typedConfig: any("envoy.extensions.filters.common.matcher.action.v3.SkipFilter", {}),
  };
  return {
    name,
    typedConfig: any("envoy.extensions.common.matching.v3.ExtensionWithMatcher", {
      extensionConfig: {
        name: "envoy.filters.http.buffer",
        typedConfig: any("envoy.extensions.filters.http.buffer.v3.Buffer", {
          maxRequestBytes: { value: MAX_HELD },
        }),
      },
      xdsMatcher: {
        matcherList: {
          matchers: [{ predicate: { orMatcher: { predicate: predicates } }, onMatch: { action: skip } }],
        },
      },
    }),
  };
}
