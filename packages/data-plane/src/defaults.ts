/** Of the version that everything is tried on. */
export const DEFAULT_ENVOY_IMAGE = "envoyproxy/envoy:v1.40.0";
/** Seconds. Load balancers look at readiness every few seconds, and some want to see it twice. */
export const DEFAULT_SETTLE_SECONDS = 10;
/** The ports of the Services of fleets, by which clients reach them. */
export const FLEET_PORTS = { http: 80, https: 443 } as const;
