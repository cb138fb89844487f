export { ApiError, describeError, isRefusal, isStatus } from "./api-error.ts";
export { type BackoffLimits, backoffMs } from "./backoff.ts";
export { type Clock, systemClock } from "./clock.ts";
export { jsonLines } from "./json-lines.ts";
export {
  type ApiRequest,
  type ApiTimeouts,
  type ApiWrite,
  createKubeApi,
  DEFAULT_TIMEOUTS,
  type KubeApi,
  MERGE_PATCH,
  SERVER_SIDE_APPLY,
} from "./kube-api.ts";
export { KubeConfigError } from "./kube-config-error.ts";
export { createLimiter, type Limiter } from "./limiter.ts";
