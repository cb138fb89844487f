import { existsSync, readFileSync } from "node:fs";
import type { Settings } from "./settings.ts";

/** Where Kubernetes tells a pod its namespace. */
const FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** The namespace of this controller's own objects: what the settings say, else the pod's, else `default`. */
export function ownNamespace({ namespace }: Pick<Settings, "namespace">, file = FILE): string {
  if (namespace !== undefined) return namespace;
  try {
    return readFileSync(file, "utf8").trim() || "default";
  } catch {
    return "default";
  }
}

/** Whether that namespace is known: the controller runs in a pod, or the settings say it. */
export function hasNamespace({ namespace }: Pick<Settings, "namespace">, file = FILE): boolean {
  return namespace !== undefined || existsSync(file);
}
