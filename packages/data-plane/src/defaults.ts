/** Of the version that everything is tried on. */
export const DEFAULT_ENVOY_IMAGE = "envoyproxy/envoy:v1.40.0";
/** Seconds. Load balancers look at readiness every few seconds, and some want to see it twice. */
export const DEFAULT_SETTLE_SECONDS = 10;
