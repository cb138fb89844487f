import type { AddedField } from "../scripts/build-descriptor.ts";

/** Fields of existing messages that Envoy 1.40 has and the packaged protos do not. */
export const ADDED_FIELDS: readonly AddedField[] = [
  {
    message: "envoy.config.common.mutation_rules.v3.HeaderMutation",
    name: "remove_on_match",
    id: 3,
    type: "envoy.config.common.mutation_rules.v3.RemoveOnMatch",
    oneof: "action",
  },
  {
    message: "envoy.type.http.v3.Cookie",
    name: "attributes",
    id: 4,
    // Has the same two fields, name and value, as Envoy's own CookieAttribute.
    type: "envoy.config.route.v3.RouteAction.HashPolicy.CookieAttribute",
    repeated: true,
  },
];

/** Fields that hold secrets though Envoy does not annotate them as sensitive. */
export const SENSITIVE_FIELDS: readonly string[] = [
  // A JWKS may hold symmetric keys.
  "envoy.extensions.filters.http.jwt_authn.v3.JwtProvider.local_jwks",
];
