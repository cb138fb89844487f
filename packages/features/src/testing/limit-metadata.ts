import type { Route } from "@sluice/protos";

/** The limits that a route has for a filter, as text by field. */
export function limitMetadata(route: Omit<Route, "match">, filter: string): Readonly<Record<string, string>> {
  const fields = route.metadata?.filterMetadata?.[filter]?.fields ?? {};
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value.stringValue ?? ""]));
}
