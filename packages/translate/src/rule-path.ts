import { bad, ok, type ValueResult } from "@sluice/feature-api";
import type { IngressPath, PathMatch } from "@sluice/model";

/**
 * The longest path, percent-encoded: nginx takes no longer line of a request by default. Files and the API server have
 * no bound, and a path with escapes becomes a regex, of which Envoy refuses large ones and with them the whole host.
 */
const MAX_PATH_LENGTH = 8192;

const TOO_LONG = `a path of at most ${MAX_PATH_LENGTH} characters, percent-encoded`;

/**
 * The match of a rule's path by its type. `Prefix` and `ImplementationSpecific` go by path element, so `/foo/`
 * means the same as `/foo`. The path is taken as written, but for what lies beyond ASCII: requests are normalised
 * before they are matched, and have that percent-encoded.
 */
export function rulePathMatch(rule: IngressPath): ValueResult<PathMatch> {
  const written = rule.path === "" ? "/" : rule.path;
  const fault = pathFault(written);
  if (fault !== undefined) return bad(fault);
  const path = written.replaceAll(/[\u{80}-\u{10ffff}]+/gu, encodeURI);
  if (path.length > MAX_PATH_LENGTH) return bad(TOO_LONG);
  if (rule.pathType === "Exact") return ok({ kind: "exact", value: path });
  return ok({ kind: "prefix", value: path.replace(/\/+$/, "") || "/" });
}

function pathFault(path: string): string | undefined {
  if (path.length > MAX_PATH_LENGTH) return TOO_LONG;
  if (!path.startsWith("/")) return 'a path that starts with "/"';
  if (!path.isWellFormed()) return "a path of whole characters";
  if (/[?#]/.test(path)) return "a path without query or fragment";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u0020\u007f]/.test(path)) return "a path without blanks and control characters";
  return undefined;
}
