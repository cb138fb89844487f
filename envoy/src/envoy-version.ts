/** The Envoy that is fetched when the machine has none. The set-up script reads this line. */
export const ENVOY_VERSION = "1.40.0";

/** The oldest Envoy whose API has all that the translation uses. */
export const MINIMUM_ENVOY_VERSION = "1.36.0";

/**
 * The version in the output of `envoy --version`, as `1.40.0`; undefined if there is none.
 * The line reads `envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL`; a development build has `1.41.0-dev`.
 */
export function parseEnvoyVersion(output: string): string | undefined {
  return /version: [^/\s]*\/(\d+\.\d+\.\d+)(?:-\w+)?\//.exec(output)?.[1];
}

/** Whether `version` (as of {@link parseEnvoyVersion}) is at least {@link MINIMUM_ENVOY_VERSION}. */
export function isSupportedVersion(version: string): boolean {
  return version.localeCompare(MINIMUM_ENVOY_VERSION, "en", { numeric: true }) >= 0;
}
