import type { AddedField } from "../scripts/build-descriptor.ts";

type Field = Omit<AddedField, "message">;

/** By message. Numbers, types and rules are those of the descriptors in the Envoy 1.40 binary. */
const FIELDS: Readonly<Record<string, readonly Field[]>> = {
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager": [
    { name: "http1_safe_max_connection_duration", id: 58, type: "bool" },
    { name: "stream_flush_timeout", id: 59, type: "google.protobuf.Duration" },
    { name: "drain_timeout_jitter", id: 62, type: "envoy.type.v3.Percent" },
  ],
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails":
    [{ name: "issuer", id: 8, type: "bool" }],
  "envoy.config.route.v3.Route": [
    { name: "request_body_buffer_limit", id: 20, type: "google.protobuf.UInt64Value" },
  ],
  "envoy.config.route.v3.VirtualHost": [
    { name: "request_body_buffer_limit", id: 25, type: "google.protobuf.UInt64Value" },
  ],
  "envoy.config.route.v3.RouteMatch": [
    { name: "cookies", id: 17, type: "envoy.config.route.v3.CookieMatcher", repeated: true },
    { name: "filter_state", id: 16, type: "envoy.type.matcher.v3.FilterStateMatcher", repeated: true },
  ],
  "envoy.config.route.v3.RouteAction": [
    { name: "path_rewrite", id: 45, type: "string" },
    { name: "host_rewrite", id: 44, type: "string", oneof: "host_rewrite_specifier" },
    { name: "flush_timeout", id: 42, type: "google.protobuf.Duration" },
  ],
  "envoy.config.route.v3.RouteAction.RequestMirrorPolicy": [
    {
      name: "host_rewrite_literal",
      id: 8,
      type: "string",
      rules: { string: { well_known_regex: "HTTP_HEADER_VALUE", strict: false } },
    },
    {
      name: "request_headers_mutations",
      id: 7,
      type: "envoy.config.common.mutation_rules.v3.HeaderMutation",
      repeated: true,
      rules: { repeated: { max_items: 1000 } },
    },
  ],
  "envoy.config.route.v3.RedirectAction": [
    { name: "path_rewrite", id: 10, type: "string", oneof: "path_rewrite_specifier" },
  ],
  "envoy.config.route.v3.DirectResponseAction": [
    { name: "body_format", id: 3, type: "envoy.config.core.v3.SubstitutionFormatString" },
  ],
  "envoy.config.route.v3.RetryPolicy": [{ name: "refresh_cluster_on_retry", id: 14, type: "bool" }],
  "envoy.config.route.v3.RateLimit": [
    { name: "hits_addend", id: 5, type: "envoy.config.route.v3.RateLimitHitsAddend" },
    { name: "apply_on_stream_done", id: 6, type: "bool" },
  ],
  "envoy.config.route.v3.RateLimit.Action.GenericKey": [{ name: "default_value", id: 3, type: "string" }],
  "envoy.config.route.v3.RateLimit.Action.HeaderValueMatch": [
    { name: "default_value", id: 5, type: "string" },
  ],
  "envoy.config.core.v3.Http2ProtocolOptions": [
    { name: "max_metadata_size", id: 17, type: "google.protobuf.UInt64Value" },
    { name: "enable_huffman_encoding", id: 18, type: "google.protobuf.BoolValue" },
    {
      name: "max_header_field_size_kb",
      id: 19,
      type: "google.protobuf.UInt32Value",
      rules: { uint32: { lte: 256, gte: 64 } },
    },
  ],
  "envoy.config.core.v3.HttpProtocolOptions": [
    { name: "max_connection_duration_jitter", id: 8, type: "envoy.type.v3.Percent" },
    {
      name: "max_response_headers_kb",
      id: 7,
      type: "google.protobuf.UInt32Value",
      rules: { uint32: { lte: 8192, gt: 0 } },
    },
  ],
  "envoy.config.cluster.v3.OutlierDetection": [
    { name: "detect_degraded_hosts", id: 26, type: "google.protobuf.BoolValue" },
  ],
  "envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget": [
    { name: "budget_interval", id: 3, type: "google.protobuf.Duration" },
  ],
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": [
    {
      name: "request_mirror_policies",
      id: 9,
      type: "envoy.config.route.v3.RouteAction.RequestMirrorPolicy",
      repeated: true,
    },
    { name: "hash_policy", id: 10, type: "envoy.config.route.v3.RouteAction.HashPolicy", repeated: true },
    { name: "retry_policy", id: 11, type: "envoy.config.route.v3.RetryPolicy" },
  ],
  "envoy.extensions.load_balancing_policies.common.v3.ConsistentHashingLbConfig": [
    { name: "hash_policy", id: 3, type: "envoy.config.route.v3.RouteAction.HashPolicy", repeated: true },
  ],
  "envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin":
    [
      {
        name: "slow_start_config",
        id: 8,
        type: "envoy.extensions.load_balancing_policies.common.v3.SlowStartConfig",
      },
    ],
  "envoy.extensions.transport_sockets.tls.v3.TlsCertificate": [
    { name: "tls_params", id: 9, type: "envoy.extensions.transport_sockets.tls.v3.TlsParameters" },
  ],
  "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext": [
    { name: "prefer_client_ciphers", id: 11, type: "bool" },
  ],
  "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext": [
    { name: "auto_host_sni", id: 6, type: "bool" },
    { name: "auto_sni_san_validation", id: 7, type: "bool" },
  ],
  "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit": [
    { name: "rate_limits", id: 17, type: "envoy.config.route.v3.RateLimit", repeated: true },
    {
      name: "max_dynamic_descriptors",
      id: 18,
      type: "google.protobuf.UInt32Value",
      rules: { uint32: { gte: 1 } },
    },
    { name: "enable_retry_after_header", id: 19, type: "bool" },
  ],
  "envoy.extensions.filters.http.ratelimit.v3.RateLimit": [
    { name: "filter_enabled", id: 14, type: "envoy.config.core.v3.RuntimeFractionalPercent" },
    { name: "filter_enforced", id: 15, type: "envoy.config.core.v3.RuntimeFractionalPercent" },
    { name: "failure_mode_deny_percent", id: 16, type: "envoy.config.core.v3.RuntimeFractionalPercent" },
    { name: "rate_limits", id: 17, type: "envoy.config.route.v3.RateLimit", repeated: true },
    { name: "enable_retry_after_header", id: 19, type: "bool" },
  ],
  "envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.RateLimitOverride": [
    { name: "unit_multiplier", id: 3, type: "google.protobuf.UInt32Value", rules: { uint32: { gt: 0 } } },
  ],
  "envoy.extensions.filters.http.basic_auth.v3.BasicAuth": [
    {
      name: "authentication_header",
      id: 3,
      type: "string",
      rules: { string: { well_known_regex: "HTTP_HEADER_NAME", strict: false } },
    },
    { name: "allow_missing", id: 4, type: "bool" },
    { name: "realm", id: 6, type: "string", rules: { string: { pattern: "^[^\\x00-\\x1f\\x7f]*$" } } },
  ],
  "envoy.extensions.filters.http.basic_auth.v3.BasicAuthPerRoute": [
    { name: "realm", id: 2, type: "string", rules: { string: { pattern: "^[^\\x00-\\x1f\\x7f]*$" } } },
  ],
  "envoy.extensions.filters.http.ext_authz.v3.HttpService": [
    { name: "path_override", id: 10, type: "string" },
    { name: "retry_policy", id: 9, type: "envoy.config.core.v3.RetryPolicy" },
  ],
  "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz": [
    {
      name: "clear_route_cache_headers",
      id: 34,
      type: "string",
      repeated: true,
      rules: {
        repeated: { items: { string: { min_len: 1, well_known_regex: "HTTP_HEADER_NAME", strict: false } } },
      },
    },
    { name: "max_denied_response_body_bytes", id: 30, type: "uint32" },
    { name: "shadow_mode", id: 32, type: "bool" },
  ],
  "envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor": [
    {
      name: "allowed_override_modes",
      id: 22,
      type: "envoy.extensions.filters.http.ext_proc.v3.ProcessingMode",
      repeated: true,
    },
    { name: "status_on_error", id: 24, type: "envoy.type.v3.HttpStatus" },
  ],
  "envoy.extensions.filters.http.oauth2.v3.OAuth2Config": [
    { name: "retry_policy", id: 18, type: "envoy.config.core.v3.RetryPolicy" },
    { name: "disable_access_token_set_cookie", id: 19, type: "bool" },
    { name: "disable_refresh_token_set_cookie", id: 20, type: "bool" },
    { name: "stat_prefix", id: 22, type: "string" },
    { name: "end_session_endpoint", id: 23, type: "string" },
    { name: "csrf_token_expires_in", id: 24, type: "google.protobuf.Duration" },
    { name: "code_verifier_token_expires_in", id: 25, type: "google.protobuf.Duration" },
    { name: "disable_token_encryption", id: 26, type: "bool" },
    { name: "allow_failed_matcher", id: 27, type: "envoy.config.route.v3.HeaderMatcher", repeated: true },
    { name: "original_request_uri", id: 28, type: "string" },
    { name: "allowed_redirect_domains", id: 29, type: "string", repeated: true },
  ],
  "envoy.extensions.filters.http.oauth2.v3.OAuth2Credentials": [
    {
      name: "cookie_domain",
      id: 5,
      type: "string",
      rules: { string: { pattern: '^$|^[^\\x00-\\x1f\\x7f ",;<>\\\\]+$' } },
    },
  ],
  "envoy.extensions.filters.http.oauth2.v3.OAuth2Credentials.CookieNames": [
    {
      name: "oauth_nonce",
      id: 6,
      type: "string",
      rules: { string: { well_known_regex: "HTTP_HEADER_NAME", ignore_empty: true } },
    },
    {
      name: "code_verifier",
      id: 7,
      type: "string",
      rules: { string: { well_known_regex: "HTTP_HEADER_NAME", ignore_empty: true } },
    },
  ],
  "envoy.extensions.filters.http.fault.v3.FaultAbort": [{ name: "response_body", id: 6, type: "string" }],
  "envoy.extensions.filters.http.compressor.v3.Compressor.CommonDirectionConfig": [
    { name: "content_type_matcher", id: 4, type: "envoy.type.matcher.v3.StringMatcher", repeated: true },
  ],
  "envoy.extensions.filters.http.compressor.v3.Compressor.ResponseDirectionConfig": [
    {
      name: "uncompressible_response_codes",
      id: 4,
      type: "uint32",
      repeated: true,
      rules: { repeated: { unique: true, items: { uint32: { lt: 600, gte: 200 } } } },
    },
    { name: "status_header_enabled", id: 5, type: "bool" },
    { name: "weaken_etag_on_compress", id: 6, type: "bool" },
  ],
  "envoy.extensions.filters.http.lua.v3.Lua": [
    { name: "clear_route_cache", id: 5, type: "google.protobuf.BoolValue" },
    { name: "filter_context", id: 6, type: "google.protobuf.Struct" },
  ],
  "envoy.extensions.filters.http.lua.v3.LuaPerRoute": [
    { name: "filter_context", id: 4, type: "google.protobuf.Struct" },
  ],
  "envoy.extensions.filters.http.stateful_session.v3.StatefulSession": [
    { name: "stat_prefix", id: 3, type: "string" },
    { name: "status_on_strict_destination_not_found", id: 4, type: "uint32" },
  ],
  "envoy.extensions.http.original_ip_detection.xff.v3.XffConfig": [
    {
      name: "xff_trusted_cidrs",
      id: 2,
      type: "envoy.extensions.http.original_ip_detection.xff.v3.XffTrustedCidrs",
    },
    { name: "skip_xff_append", id: 3, type: "google.protobuf.BoolValue" },
  ],
  "envoy.extensions.wasm.v3.PluginConfig": [
    { name: "failure_policy", id: 7, type: "envoy.extensions.wasm.v3.FailurePolicy" },
    { name: "reload_config", id: 8, type: "envoy.extensions.wasm.v3.ReloadConfig" },
    { name: "allow_on_headers_stop_iteration", id: 9, type: "google.protobuf.BoolValue" },
  ],
  "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig": [
    { name: "http_service", id: 8, type: "envoy.config.core.v3.HttpService" },
    { name: "grpc_service", id: 9, type: "envoy.config.core.v3.GrpcService" },
    { name: "log_name", id: 10, type: "string" },
  ],
  "envoy.config.trace.v3.OpenTelemetryConfig": [
    { name: "max_cache_size", id: 6, type: "google.protobuf.UInt32Value" },
  ],
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector": [
    {
      name: "max_client_hello_size",
      id: 5,
      type: "google.protobuf.UInt32Value",
      rules: { uint32: { lte: 16384, gt: 255 } },
    },
  ],
  "envoy.config.common.mutation_rules.v3.HeaderMutation": [
    {
      name: "remove_on_match",
      id: 3,
      type: "envoy.config.common.mutation_rules.v3.RemoveOnMatch",
      oneof: "action",
    },
  ],
  "envoy.type.http.v3.Cookie": [
    // Has the same two fields, name and value, as Envoy's own CookieAttribute.
    {
      name: "attributes",
      id: 4,
      type: "envoy.config.route.v3.RouteAction.HashPolicy.CookieAttribute",
      repeated: true,
    },
  ],
};

/** Fields of existing messages that Envoy 1.40 has and the packaged protos do not. */
export const ADDED_FIELDS: readonly AddedField[] = Object.entries(FIELDS).flatMap(([message, fields]) =>
  fields.map((field) => ({ message, ...field })),
);

/** Fields that hold secrets though Envoy does not annotate them as sensitive. */
export const SENSITIVE_FIELDS: readonly string[] = [
  // A JWKS may hold symmetric keys.
  "envoy.extensions.filters.http.jwt_authn.v3.JwtProvider.local_jwks",
];
