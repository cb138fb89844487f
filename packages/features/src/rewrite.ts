import {
  authorityType,
  bad,
  checkRegex,
  defineFeature,
  escapeFormat,
  headerValueType,
  key,
  ok,
  pathType,
  quotePath,
  type RouteDraft,
  type ValueType,
  visible,
} from "@sluice/feature-api";
import type { PathMatch } from "@sluice/model";
import type { RegexMatchAndSubstitute } from "@sluice/protos";
import { goesToDefaultBackend } from "./default-backend.ts";
import { asRegex } from "./matching.ts";

const ID = "rewrite";

/** Of an Ingress; on a route, what is left of it there. */
export interface RewritePolicy {
  /** New path with `$1`..`$9`. */
  readonly target?: string;
  /** Takes the place of what the rule matched; beats `target`. */
  readonly prefix?: string;
  readonly host?: string;
  readonly forwardedPrefix?: string;
}

/** `$1`..`$9` and no other dollar sign; the first may stand where the slash would. */
const targetType: ValueType<string> = {
  expected: "an absolute path, which may hold $1 to $9 and no other variable, nor query, fragment and blanks",
  schema: { type: "string" },
  parse: (text) => {
    const clean = visible(text);
    if (clean === undefined || /[?#]|\$(?![1-9])|^[a-z]+:\/\//i.test(clean)) return bad(targetType.expected);
    return ok(/^[/$]/.test(clean) ? clean : `/${clean}`);
  },
};

const literalHeaderType: ValueType<string> = {
  ...headerValueType,
  expected: "text without variables and control characters",
  parse: (text) => (text.includes("$") ? bad(literalHeaderType.expected) : headerValueType.parse(text)),
};

/** What the backend sees of path and host. */
export const rewrite = defineFeature({
  id: ID,
  title: "Rewrite",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "rewrite-target": key(targetType, {
      doc: "The path that the backend sees in place of the whole path; the query is kept. $1 to $9 stand for the groups of the rule's path, empty if there is no such group or it took no part. If the rule's path or the target holds characters of a pattern other than a dot, the path is read as `use-regex` does. A target equal to the rule's path changes nothing.",
      example: "/$2",
      default: "the path as it came",
      nginx: "Only the rules of this Ingress become patterns, and only those that look like one.",
    }),
    "rewrite-path": key(pathType, {
      doc: "Takes the place of the prefix that the rule matched, or of the whole path of an exact or regex rule. Literal; slashes join singly. Wins over `rewrite-target`.",
      example: "/v2",
      default: "the path as it came",
      nginx: "ingress-nginx does not have it.",
    }),
    "upstream-vhost": key(authorityType, {
      doc: "The Host that the backend sees. Literal.",
      example: "internal.example.com",
      default: "the Host of the request",
    }),
    "x-forwarded-prefix": key(literalHeaderType, {
      doc: "Value of the header X-Forwarded-Prefix that the backend sees; only with `rewrite-target`, and where that changes something.",
      example: "/shop",
      default: "no such header is set",
    }),
  },
  parse: (values, context): RewritePolicy | undefined => {
    const [target, prefix] = [values["rewrite-target"], values["rewrite-path"]];
    const [host, forwardedPrefix] = [values["upstream-vhost"], values["x-forwarded-prefix"]];
    if (target !== undefined && prefix !== undefined)
      context.report.note("rewrite-target", {
        code: "annotation-no-effect",
        message: "rewrite-target has no effect beside rewrite-path.",
        hint: "Keep one of the two.",
      });
    if (forwardedPrefix !== undefined && target === undefined)
      context.report.note("x-forwarded-prefix", {
        code: "annotation-no-effect",
        message: "x-forwarded-prefix has no effect without rewrite-target.",
        hint: "Set the header by request-header-control-update.",
      });
    const policy = {
      ...(target === undefined ? {} : { target }),
      ...(prefix === undefined ? {} : { prefix }),
      ...(host === undefined ? {} : { host }),
      ...(forwardedPrefix === undefined || target === undefined ? {} : { forwardedPrefix }),
    };
    return Object.keys(policy).length === 0 ? undefined : policy;
  },
  draftStage: "rewrite",
  draft: (draft, policy, context) => {
    const { target, prefix, forwardedPrefix, ...rest } = policy;
    // What the rule matches does not depend on where its requests go, or on whether the path changes.
    const readsRegex =
      prefix === undefined &&
      target !== undefined &&
      draft.path.kind !== "regex" &&
      (looksLikeRegex(context.rulePath) || looksLikeRegex(target));
    const matched = readsRegex ? asRegex(draft, "rewrite-target", context) : draft;
    const isIdle = goesToDefaultBackend(draft) || (prefix ?? target) === context.rulePath;
    return isIdle ? onRoute(matched, rest) : matched;
  },
  route: (out, policy, context) => {
    if (policy === undefined || out.route === undefined) return;
    if (policy.host !== undefined) out.route.hostRewriteLiteral = policy.host;
    if (policy.prefix !== undefined) out.route.regexRewrite = replacePrefix(policy.prefix, context.path);
    else if (policy.target !== undefined) out.route.regexRewrite = replacePath(policy.target, context.path);
    if (policy.forwardedPrefix !== undefined)
      out.requestHeadersToAdd = [
        ...(out.requestHeadersToAdd ?? []),
        {
          header: { key: "X-Forwarded-Prefix", value: escapeFormat(policy.forwardedPrefix) },
          appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
        },
      ];
  },
});

function onRoute(draft: RouteDraft, policy: RewritePolicy): RouteDraft {
  return { ...draft, extraPolicies: { ...draft.extraPolicies, [ID]: policy } };
}

/** A dot alone does not make a path a pattern: versions and file names have them. */
function looksLikeRegex(text: string): boolean {
  return /[*+?()|[\]{}^$\\]/.test(text);
}

/**
 * Replaces the whole path. Envoy replaces every match of the pattern in the path (without its query), so the
 * pattern is anchored and takes the rest along; paths hold no line end, and a group that took no part is empty.
 */
function replacePath(target: string, path: PathMatch): RegexMatchAndSubstitute {
  if (path.kind !== "regex") return substitution("^.*$", expand(target, 0));
  const check = checkRegex(path.value);
  const groups = "groups" in check ? check.groups : 0;
  const rest = path.whole ? "$" : ".*$";
  const led = slashInFront(target, path.value, groups);
  if (led !== undefined) return substitution(`^${scoped(led, path)}${rest}`, `/${expand(target, groups)}`);
  return substitution(`^${scoped(path.value, path)}${rest}`, expand(target, groups));
}

/**
 * A target that starts with the path's last group, which may hold no slash or nothing: the pattern with that slash
 * outside the group, so that one can stand in front of it always. (Envoy keeps the old path where the new one is
 * empty, nginx answers 500.) Undefined where the group is of another form; then it counts as it is.
 */
function slashInFront(target: string, pattern: string, groups: number): string | undefined {
  if (!target.startsWith(`$${groups}`)) return undefined;
  const moved = pattern
    .replace(/(?<!\\)\(\/\.\*\)\?(\$?)$/, "(?:/(.*))?$1")
    .replace(/(?<!\\)\((?:\/\?)?\.\*\)(\$?)$/, "/?(.*)$1");
  const check = checkRegex(moved);
  return moved !== pattern && "groups" in check && check.groups === groups ? moved : undefined;
}

/** Replaces what a prefix rule matched, or the path of any other, so that slashes join singly. */
function replacePrefix(prefix: string, path: PathMatch): RegexMatchAndSubstitute {
  const literal = expandLiteral(prefix);
  if (path.kind !== "prefix") return substitution("^.*$", literal);
  const matched = path.value === "/" ? "" : scoped(quotePath(path.value), path);
  if (prefix.endsWith("/")) return substitution(`^${matched}(?:/(.*))?$`, `${literal}\\1`);
  // The slash of a bare `/` is all that a rule for `/` matched.
  const rest = matched === "" ? "(?:/|(/.+))" : "(/.*)?";
  return substitution(`^${matched}${rest}$`, `${literal}\\1`);
}

function scoped(pattern: string, path: PathMatch): string {
  return path.ignoreCase ? `(?i:${pattern})` : `(?:${pattern})`;
}

function substitution(regex: string, text: string): RegexMatchAndSubstitute {
  return { pattern: { regex }, substitution: text };
}

/** `$n` as Envoy has it. It refuses a group that the pattern lacks; those are empty. A path starts with a slash. */
function expand(target: string, groups: number): string {
  const text = expandLiteral(target).replaceAll(/\$([1-9])/g, (_, digit: string) =>
    Number(digit) <= groups ? `\\${digit}` : "",
  );
  return /^(?:\/|\\[1-9])/.test(text) ? text : `/${text}`;
}

function expandLiteral(text: string): string {
  return text.replaceAll("\\", "\\\\");
}
