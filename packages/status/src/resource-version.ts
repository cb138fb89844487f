/**
 * Whether a version is at least as new as another of the same resource type. Kubernetes orders them as integers of any
 * length, without leading zeros (KEP-5504); of what is none, nothing is known, so that the answer is no.
 */
export function isAtLeast(version: string | undefined, other: string): boolean {
  if (version === undefined || !INTEGER.test(version) || !INTEGER.test(other)) return false;
  return version.length === other.length ? version >= other : version.length > other.length;
}

const INTEGER = /^[1-9][0-9]*$/;
