import { ANNOTATION_PREFIXES } from "@sluice/feature-api";
import type { Diagnostic } from "@sluice/model";
import { TestRunner } from "vitest";
import { parseAllDocuments } from "yaml";

declare module "vitest" {
  interface TaskMeta {
    /** For `make coverage`: how many requests the test sent that an annotation of this key (without prefix) acted on. */
    requested?: Record<string, number>;
    /** How many findings about an annotation of this key the test looked at. */
    reported?: Record<string, number>;
  }
}

interface Known {
  readonly hosts: readonly string[];
  readonly keys: readonly string[];
}

/** The Ingresses of the test file's gateways, by namespace and name. A file has a process state of its own. */
const known = new Map<string, Known>();

/** Larger texts are not for the test of an annotation. */
const MAX_TEXT = 400_000;

/** Takes note of the Ingresses in YAML that a gateway gets. */
export function learnIngresses(yaml: string): void {
  if (yaml.length > MAX_TEXT) return;
  for (const document of parseAllDocuments(yaml)) learn(document.toJS());
}

function learn(object: unknown): void {
  if (field(object, "kind") !== "Ingress") return;
  const metadata = field(object, "metadata");
  const annotations = Object.entries(field(metadata, "annotations") ?? {}).flatMap(([name, value]) => {
    const prefix = ANNOTATION_PREFIXES.find((each) => name.startsWith(each));
    return prefix === undefined ? [] : [{ key: name.slice(prefix.length), value: String(value) }];
  });
  const rules = field(field(object, "spec"), "rules");
  const hosts = (Array.isArray(rules) ? rules : [{}]).map((rule) => String(field(rule, "host") ?? "*"));
  const aliases = annotations
    .filter(({ key }) => key === "server-alias")
    .flatMap(({ value }) => value.split(","));
  known.set(`${String(field(metadata, "namespace"))}/${String(field(metadata, "name"))}`, {
    hosts: [...hosts, ...aliases.map((alias) => alias.trim())].map((host) => host.toLowerCase()),
    keys: annotations.map(({ key }) => key),
  });
}

function field(object: unknown, name: string): unknown {
  // Any object may be looked at by name.
  return typeof object === "object" && object !== null
    ? (object as Record<string, unknown>)[name]
    : undefined;
}

/** Notes with the running test that it sent requests to a host (of a Host header): the annotations of its Ingresses acted on them. */
export function recordRequests(hostHeader: string, count = 1): void {
  const meta = TestRunner.getCurrentTest()?.meta;
  if (meta === undefined) return;
  const host = hostHeader.toLowerCase().replace(/:\d+$/, "");
  meta.requested ??= {};
  for (const { hosts, keys } of known.values())
    if (hosts.some((own) => matches(own, host)))
      for (const key of keys) meta.requested[key] = (meta.requested[key] ?? 0) + count;
}

/** A www host and its twin answer for each other, if an annotation says so. */
function matches(own: string, host: string): boolean {
  if (own === "*" || own === host || own === `www.${host}` || `www.${own}` === host) return true;
  return own.startsWith("*.") && host.slice(host.indexOf(".")) === own.slice(1);
}

/** Notes with the running test that it looked at findings; gives them back. */
export function recordReports(found: readonly Diagnostic[]): readonly Diagnostic[] {
  const meta = TestRunner.getCurrentTest()?.meta;
  if (meta === undefined) return found;
  meta.reported ??= {};
  for (const { key = "" } of found) {
    const name = key.slice(key.indexOf("/") + 1);
    meta.reported[name] = (meta.reported[name] ?? 0) + 1;
  }
  return found;
}
