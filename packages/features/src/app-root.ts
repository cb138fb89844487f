import { bad, defineFeature, key, ok, type ValueType, visible } from "@sluice/feature-api";

/** An absolute path other than `/`, which would send clients in a circle. A query is fine. */
const appRootType: ValueType<string> = {
  expected: "an absolute path other than / without blanks and variables",
  schema: { type: "string", pattern: "^/." },
  parse: (text) => {
    const clean = visible(text);
    return clean !== undefined && /^\/[^/?#$][^$]*$/.test(clean) ? ok(clean) : bad(appRootType.expected);
  },
};

/** Where the bare host leads. */
export const appRoot = defineFeature({
  id: "app-root",
  title: "Application root",
  scope: "domain",
  onInvalid: "ignore",
  keys: {
    "app-root": key(appRootType, {
      doc: "Answers a request for / of the hosts of this Ingress with 302 to this path, on the same scheme and host. If several Ingresses of a host have it the oldest decides.",
      example: "/app",
      default: "no redirect",
    }),
  },
  parse: (values): { readonly path: string } | undefined => {
    const path = values["app-root"];
    return path === undefined ? undefined : { path };
  },
  hostRoutes: ({ path }) => [
    {
      name: "app-root",
      path: { kind: "exact", value: "/" },
      answer: { kind: "redirect", status: 302, path, keepPort: true, stripQuery: true },
    },
  ],
});
