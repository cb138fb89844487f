import type { LimitKind } from "@sluice/model";
import type { Route } from "@sluice/protos";

/** How a route has what is over a limit of this kind answered; undefined: by default. */
export function answerOf(
  route: Omit<Route, "match">,
  kind: LimitKind,
): Readonly<Record<string, string>> | undefined {
  const fields = route.metadata?.filterMetadata?.["sluice.limit-answer"]?.fields?.[kind]?.structValue?.fields;
  if (fields === undefined) return undefined;
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value.stringValue ?? ""]));
}
