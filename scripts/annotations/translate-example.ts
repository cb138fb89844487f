import { Settings } from "../../packages/controller/src/config/settings.ts";
import { translateOnce } from "../../packages/controller/src/gateway/translate-once.ts";
import { type JsonObject, resourceJson } from "../../packages/controller/src/resources/resource-json.ts";
import { selectResources } from "../../packages/controller/src/resources/select-resources.ts";
import { ANNOTATION_PREFIXES, declaresKey, type Feature } from "../../packages/feature-api/src/index.ts";
import type { Diagnostic, KubeObject } from "../../packages/model/src/index.ts";
import { loadFiles, STDIN } from "../../packages/source-file/src/index.ts";

/** What a gateway with its defaults makes of objects. */
export interface Translated {
  readonly diagnostics: readonly Diagnostic[];
  /** In the order of `sluice translate`. */
  readonly resources: readonly JsonObject[];
}

/** The objects of YAML, or a failure if it is not what Kubernetes takes. */
export function objectsOf(yaml: string): readonly KubeObject[] {
  const { objects, diagnostics } = loadFiles([STDIN], { stdin: yaml });
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return objects;
}

/** Translates objects as `sluice translate` does without flags. */
export async function translated(objects: readonly KubeObject[]): Promise<Translated> {
  const { gateways, diagnostics } = await translateOnce({ objects }, Settings.parse({}));
  const resources = gateways.flatMap((gateway) =>
    selectResources(gateway.resources, { typeUrls: [], names: [] }),
  );
  return { diagnostics, resources: resources.map(resourceJson) };
}

/** The objects without the annotations of a feature. */
export function withoutFeature(objects: readonly KubeObject[], feature: Feature): readonly KubeObject[] {
  return objects.map((object) => ({
    ...object,
    metadata: { ...object.metadata, annotations: kept(object, feature) },
  }));
}

function kept({ metadata }: KubeObject, feature: Feature): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(metadata.annotations).filter(([annotation]) => {
      const prefix = ANNOTATION_PREFIXES.find((each) => annotation.startsWith(each));
      return prefix === undefined || !declaresKey(feature, annotation.slice(prefix.length));
    }),
  );
}
