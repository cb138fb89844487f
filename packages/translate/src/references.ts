import type { References } from "@sluice/feature-api";
import type { BackendTarget, ObjectOf } from "@sluice/model";
import { secretAuthority } from "./authority.ts";
import { secretCertificate } from "./certificate.ts";
import type { TranslateContext } from "./context.ts";

/**
 * The one place that decides whether an object may refer to another: the own namespace always, others only if
 * the operator allows it. All reads are recorded.
 */
export function referencesFrom(
  namespace: string,
  context: TranslateContext,
  hasReadyEndpoint: (target: BackendTarget) => boolean,
): References {
  const { store, settings } = context;
  const find = <K extends "ConfigMap" | "Secret">(kind: K, text: string): Found<ObjectOf<K>> => {
    const slash = text.indexOf("/");
    const where = slash < 0 ? namespace : text.slice(0, slash);
    const name = text.slice(slash + 1);
    if (where !== namespace && !settings.allowCrossNamespace)
      return { fault: `a ${kind} of namespace ${namespace}; other namespaces are not allowed` };
    const found = store.get(kind, where, name);
    return found === undefined ? { fault: `a ${kind} that exists; ${where}/${name} does not` } : { found };
  };
  return {
    configMap: (text) => find("ConfigMap", text),
    secret: (text) => find("Secret", text),
    certificate(text) {
      const { found, fault } = find("Secret", text);
      if (found === undefined) return { ...(fault !== undefined && { fault }) };
      const result = secretCertificate(found);
      return result.ok
        ? { name: result.certificate.name }
        : { fault: `tls.crt and tls.key in PEM, which belong together; ${result.fault}` };
    },
    authority(text) {
      const own = find("Secret", text);
      const beside = find("Secret", `${text}-cacert`);
      const secret = own.found?.data["ca.crt"] === undefined ? (beside.found ?? own.found) : own.found;
      if (secret === undefined) return { ...(own.fault !== undefined && { fault: own.fault }) };
      const result = secretAuthority(secret);
      return result.ok
        ? { name: result.authority.name }
        : { fault: `ca.crt, and ca.crl if there, in PEM; ${result.fault}` };
    },
    service: (where, name) => store.get("Service", where, name),
    instances: () => Math.max(1, settings.instances ?? 1),
    hasReadyEndpoint,
  };
}

interface Found<T> {
  readonly found?: T;
  readonly fault?: string;
}
