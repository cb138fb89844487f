import type { Resource } from "@sluice/model";
import type { Collected } from "./collect.ts";
import type { Form } from "./form.ts";
import type { Inline } from "./inline.ts";
import { nameOf, routeConfigurationOf, typeOf } from "./keys.ts";
import type { NodeState } from "./node-state.ts";
import { TYPE_URLS } from "./type-urls.ts";

/** The resources of a response that makes the collected change. */
export function render(state: NodeState, channel: string, change: Collected, inline: Inline): Resource[] {
  if (state.variant === "delta") return change.sets.map((form) => form.resource);
  // "In the SotW protocol, for Listener and Cluster, a resource that is absent from a response is deleted";
  // of the other types a response may hold any part of what is subscribed.
  if (channel === TYPE_URLS.LISTENER || channel === TYPE_URLS.CLUSTER)
    return [...overlay(state, channel, change).values()].map((form) => form.resource);
  if (channel === TYPE_URLS.ROUTE_CONFIGURATION) return renderRoutes(state, change, inline);
  return change.sets.map((form) => form.resource);
}

/** What the node holds of a type with the change laid over it. */
function overlay(state: NodeState, typeUrl: string, change: Collected): Map<string, Form> {
  const forms = new Map<string, Form>();
  for (const [key, held] of state.ledger.heldOf(typeUrl)) if (held.form) forms.set(key, held.form);
  for (const form of change.sets) if (typeOf(form.key) === typeUrl) forms.set(form.key, form);
  for (const key of change.removals) forms.delete(key);
  return forms;
}

/** The RouteConfigurations that the change touches, with their virtual hosts inlined. */
function renderRoutes(state: NodeState, change: Collected, inline: Inline): Resource[] {
  const configurations = overlay(state, TYPE_URLS.ROUTE_CONFIGURATION, change);
  const hosts = new Map<string, Resource[]>();
  for (const form of overlay(state, TYPE_URLS.VIRTUAL_HOST, change).values()) {
    const parent = routeConfigurationOf(form.resource.name);
    const siblings = hosts.get(parent);
    if (siblings === undefined) hosts.set(parent, [form.resource]);
    else siblings.push(form.resource);
  }
  const touched = new Set<string>();
  for (const key of [...change.sets.map((form) => form.key), ...change.removals])
    touched.add(typeOf(key) === TYPE_URLS.VIRTUAL_HOST ? routeConfigurationOf(nameOf(key)) : key);
  const resources: Resource[] = [];
  for (const key of touched) {
    const form = configurations.get(key);
    if (form === undefined) continue;
    const siblings = (hosts.get(key) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1));
    resources.push(inline(form.resource, siblings));
  }
  return resources;
}
