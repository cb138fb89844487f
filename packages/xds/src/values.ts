import type { ConfigSource, Duration, UInt32Value } from "@sluice/protos";

/** A duration of whole or fractional seconds. */
export function seconds(value: number): Duration {
  const whole = Math.trunc(value);
  const nanos = Math.round((value - whole) * 1e9);
  return { ...(whole !== 0 && { seconds: whole }), ...(nanos !== 0 && { nanos }) };
}

export function uint32(value: number): UInt32Value {
  return { value };
}

export const TRUE = { value: true } as const;
export const FALSE = { value: false } as const;

/**
 * The stream that the configuration with this reference came on. `initialFetchTimeout`: seconds after which Envoy
 * goes on without the resource; 0 is never, absent is Envoy's 15.
 */
export function overAds(initialFetchTimeout?: number): ConfigSource {
  return {
    ads: {},
    resourceApiVersion: "V3",
    ...(initialFetchTimeout !== undefined && { initialFetchTimeout: seconds(initialFetchTimeout) }),
  };
}
