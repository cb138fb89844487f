import type { Key } from "../../packages/feature-api/src/index.ts";

export type KeyStatus = "works" | "differs" | "no effect" | "refused" | "not yet";

/** What the index says of a key. `differs`: from ingress-nginx or Higress, as its page tells; keys that those do not have do not differ. */
export function statusOf(key: Key<never> | undefined): KeyStatus {
  if (key === undefined) return "not yet";
  if (key.effect === "refused") return "refused";
  if (key.effect === "none") return "no effect";
  return differs(key.nginx) || key.higress !== undefined ? "differs" : "works";
}

/** Whether what a declaration says of ingress-nginx is only that it lacks the key. */
export function isUnknownToNginx(nginx: string): boolean {
  return /^ingress-nginx (?:has no|does not have) /.test(nginx);
}

function differs(nginx: string | undefined): boolean {
  return nginx !== undefined && !isUnknownToNginx(nginx);
}
