/** A rule of Envoy's API that a message breaks. */
export interface Violation {
  /** From the message down, as `virtualHosts[0].routes[2].match.safeRegex.regex` or `typedPerFilterConfig["name"]`. */
  path: string;
  /** The rule's name in `validate.proto`, as `string.min_len`; `re2`, `header.name`, `header.value`, `header.protected` and `any` are ours. */
  rule: string;
  /** What would be right, without the value itself, which may be a secret. */
  message: string;
}

/** Looks at a value and adds what is wrong to `out`, with paths relative to the value. */
export type Check = (value: unknown, out: Violation[]) => void;

/** Runs a check and puts `prefix` before the paths it reports. Costs nothing while all is well. */
export function under(prefix: string, check: Check, value: unknown, out: Violation[]): void {
  const from = out.length;
  check(value, out);
  for (const violation of out.slice(from)) {
    const glue = violation.path === "" || violation.path.startsWith("[") ? "" : ".";
    violation.path = `${prefix}${glue}${violation.path}`;
  }
}

/** Runs a check on each item of a list; anything else has no items. */
export function underEach(check: Check, value: unknown, out: Violation[]): void {
  if (!Array.isArray(value)) return;
  for (const [index, item] of value.entries()) under(`[${index}]`, check, item, out);
}

/** Several checks as one; `undefined` when there are none. */
export function all(checks: readonly (Check | undefined)[]): Check | undefined {
  const real = checks.filter((check) => check !== undefined);
  if (real.length <= 1) return real[0];
  return (value, out) => {
    for (const check of real) check(value, out);
  };
}

/** A check that reports one rule when a test fails. */
export function rule(name: string, message: string, test: (value: unknown) => boolean): Check {
  return (value, out) => {
    if (!test(value)) out.push({ path: "", rule: name, message });
  };
}
