import { bad, isToken, ok, type ValueType } from "@sluice/feature-api";
import type { RouteAction_HashPolicy } from "@sluice/protos";

/** The part of a request by whose value an endpoint is chosen. */
export interface HashKey {
  readonly on: "uri" | "host" | "address" | "header" | "query" | "cookie";
  /** Of the header (in lower case), query parameter or cookie. */
  readonly name: string;
}

const EXPECTED =
  "one of $request_uri, $host, $remote_addr, $http_NAME, $arg_NAME, $cookie_NAME, and nothing besides";

const PLAIN: Readonly<Record<string, HashKey>> = {
  request_uri: { on: "uri", name: "" },
  host: { on: "host", name: "" },
  http_host: { on: "host", name: "" },
  remote_addr: { on: "address", name: "" },
};

/** One NGINX variable, as `$name` or `${name}`. Text around it and combinations are bad. */
export const hashKeyType: ValueType<HashKey> = {
  expected: EXPECTED,
  schema: { type: "string" },
  parse: (text) => {
    const found = /^\$(?:\{([^{}]+)\}|([^{}]+))$/.exec(text);
    const variable = found?.[1] ?? found?.[2];
    if (variable === undefined) return bad(EXPECTED);
    if (Object.hasOwn(PLAIN, variable)) return okOrBad(PLAIN[variable]);
    const [, kind, name] = /^(http|arg|cookie)_(.+)$/.exec(variable) ?? [];
    if (name === undefined || !isToken(name)) return bad(EXPECTED);
    if (kind === "http") return ok({ on: "header", name: name.toLowerCase().replaceAll("_", "-") });
    return ok({ on: kind === "arg" ? "query" : "cookie", name });
  },
};

function okOrBad(value: HashKey | undefined): ReturnType<typeof hashKeyType.parse> {
  return value === undefined ? bad(EXPECTED) : ok(value);
}

/**
 * What a route needs so that requests with the same value go to the same endpoint. A request without a value goes
 * to any. Path and host are those of the client's request: Envoy hashes what it has rewritten, and keeps the
 * originals in headers of its own, which take precedence where they are.
 */
export function hashPolicies({ on, name }: HashKey): readonly RouteAction_HashPolicy[] {
  switch (on) {
    case "uri":
      return [{ ...header("x-envoy-original-path"), terminal: true }, header(":path")];
    case "host":
      return [{ ...hostHeader("x-envoy-original-host"), terminal: true }, hostHeader(":authority")];
    case "address":
      return [{ connectionProperties: { sourceIp: true } }];
    case "header":
      return [header(name)];
    case "query":
      return [{ queryParameter: { name } }];
    case "cookie":
      return [{ cookie: { name } }];
  }
}

function header(headerName: string): RouteAction_HashPolicy {
  return { header: { headerName } };
}

/** The port does not belong to the host, as in NGINX. */
function hostHeader(headerName: string): RouteAction_HashPolicy {
  return { header: { headerName, regexRewrite: { pattern: { regex: ":[0-9]*$" }, substitution: "" } } };
}
