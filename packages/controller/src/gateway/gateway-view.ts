import type { AnnotationText, GatewayView } from "@sluice/explain";
import { declaresKey, type Feature, keyNames, resolveAnnotations } from "@sluice/feature-api";
import type { ObjectRef } from "@sluice/model";
import type { Store } from "@sluice/store";
import type { ModelState } from "./model-state.ts";

/** What explain and diff look up, in the model and the objects as they are when they ask. */
export function gatewayView(model: ModelState, store: Store, features: readonly Feature[]): GatewayView {
  return {
    virtualHost: (host) => model.virtualHosts.get(host),
    cluster: (name) => model.clusters.get(name),
    loadAssignment: (cluster) => model.loadAssignments.get(cluster),
    mayAnswer: (policies, request) =>
      features.flatMap(({ id, mayAnswer }) =>
        policies[id] === undefined ? [] : (mayAnswer?.(policies[id], request) ?? []),
      ),
    annotations(object, id) {
      const feature = features.find((one) => one.id === id);
      return feature === undefined ? [] : annotationsOf(object, feature, store, keyNames(features));
    },
  };
}

function annotationsOf(
  object: ObjectRef,
  feature: Feature,
  store: Store,
  nameOf: (key: string) => string,
): AnnotationText[] {
  const found = store.get(object.kind, object.namespace, object.name);
  if (found === undefined) return [];
  const { set } = resolveAnnotations(object, found.metadata.annotations, undefined, nameOf);
  return [...set]
    .filter(([key]) => declaresKey(feature, key))
    .map(([, { annotation, text }]) => ({ object, key: annotation, value: text }));
}
