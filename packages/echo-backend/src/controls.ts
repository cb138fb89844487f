/** What a test asks of the backend, by a header or a query parameter of the same name; the header wins. */
export interface Controls {
  /** `x-echo-status`: the status of the answer. Default 200. */
  readonly status: number;
  /** `x-echo-delay-ms`: how long to wait before anything is answered. */
  readonly delayMs: number;
  /** `x-echo-header`, as often as wanted: `Name: value`, a header of the answer. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** `x-echo-body-bytes`: the answer is so many bytes instead of the description of the request. */
  readonly bodyBytes: number | undefined;
  /** `x-echo-reset`: cut the connection, before anything is answered, or `during` the body. */
  readonly reset: "before" | "during" | undefined;
  /** `x-echo-stream`: one line of JSON each so many milliseconds (default 100) until someone closes. */
  readonly streamMs: number | undefined;
  /** `x-echo-grpc-status`: the status of a gRPC call. Default 0. */
  readonly grpcStatus: number;
  /**
   * `x-echo-fail-first`: status and reset are for the first so many tries of one request only; tries belong
   * together by `x-request-id`, which a gateway keeps when it retries. Without a status they fail with 503.
   */
  readonly failFirst: number | undefined;
}

/** The controls in a request. What cannot be read counts as not there: the backend is for tests, not tested by them. */
export function parseControls(rawHeaders: readonly string[], query: URLSearchParams): Controls {
  const all = (name: string) => {
    const inHeaders = rawHeaders.filter(
      (_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name,
    );
    return inHeaders.length > 0 ? inHeaders : query.getAll(name);
  };
  const number = (name: string): number | undefined => {
    const [text] = all(name);
    return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  };
  const [reset] = all("x-echo-reset");
  const failFirst = number("x-echo-fail-first");
  return {
    status: validStatus(number("x-echo-status")) ?? (failFirst === undefined ? 200 : 503),
    delayMs: number("x-echo-delay-ms") ?? 0,
    headers: all("x-echo-header").flatMap(parseHeader),
    bodyBytes: number("x-echo-body-bytes"),
    reset: reset === undefined ? undefined : reset === "during" ? "during" : "before",
    streamMs: all("x-echo-stream").length === 0 ? undefined : number("x-echo-stream") || 100,
    grpcStatus: number("x-echo-grpc-status") ?? 0,
    failFirst,
  };
}

function validStatus(status: number | undefined): number | undefined {
  return status !== undefined && status >= 200 && status <= 599 ? status : undefined;
}

function parseHeader(text: string): (readonly [string, string])[] {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*([\t\x20-\x7e\x80-\xff]*)$/.exec(text) ?? [];
  return name === undefined || value === undefined ? [] : [[name, value]];
}
