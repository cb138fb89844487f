import type { References } from "@sluice/feature-api";
import type { BackendTarget } from "@sluice/model";
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
  return {
    configMap(text) {
      const slash = text.indexOf("/");
      const where = slash < 0 ? namespace : text.slice(0, slash);
      const name = text.slice(slash + 1);
      if (where !== namespace && !settings.allowCrossNamespace)
        return { fault: `a ConfigMap of namespace ${namespace}; other namespaces are not allowed` };
      const found = store.get("ConfigMap", where, name);
      return found === undefined
        ? { fault: `a ConfigMap that exists; ${where}/${name} does not` }
        : { found };
    },
    service: (where, name) => store.get("Service", where, name),
    hasReadyEndpoint,
  };
}
