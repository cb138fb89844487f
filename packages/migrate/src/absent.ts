import type { Ingress, Kind, KubeObject } from "@sluice/model";
import { hereText } from "./source.ts";

/** Annotations that name objects. */
const REFERENCES: Readonly<Record<string, Kind>> = {
  "proxy-ssl-secret": "Secret",
  "auth-tls-secret": "Secret",
  "auth-secret": "Secret",
  "custom-headers": "ConfigMap",
  "auth-proxy-set-headers": "ConfigMap",
  "default-backend": "Service",
  "mirror-target-service": "Service",
};

/** Names an object that an annotation of the same family refers to and that was not given; undefined if there is none. */
export type FindAbsent = (ingress: Ingress, key: string) => string | undefined;

/** What cannot be told without objects that were not given must not be called a difference. */
export function findAbsent(objects: readonly KubeObject[]): FindAbsent {
  const given = new Set(
    objects.map(({ kind, metadata: { namespace, name } }) => `${kind} ${namespace}/${name}`),
  );
  return (ingress, key) => {
    for (const [reference, kind] of Object.entries(REFERENCES)) {
      if (key !== reference && !(kind === "Secret" && family(key) === family(reference))) continue;
      const text = hereText(ingress, reference).replace(/:\d+$/, "");
      if (text === "") continue;
      const name = `${kind} ${text.includes("/") ? text : `${ingress.metadata.namespace}/${text}`}`;
      if (!given.has(name)) return name;
    }
    return undefined;
  };
}

/** `proxy-ssl` of `proxy-ssl-verify`. */
function family(key: string): string {
  return key.split("-").slice(0, 2).join("-");
}
