import type { Ingress, IngressClass, ListeningRules } from "@sluice/model";
import { defineIndex, type StoreReader } from "@sluice/store";

const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
const DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";
const MSE_GROUP = "mse.alibabacloud.com";
/** The class that takes Ingresses without any class with it. Source: the reference of MseIngressConfig. */
const NGINX_CLASS = "nginx";

/** What decides who listens to an Ingress: its namespace and its class, empty if it names none. */
export interface Listened {
  readonly namespace: string;
  readonly ingressClass: string;
}

/** By `NAMESPACE/CLASS`: a class may hold a slash, a namespace none. */
export const INGRESSES_BY_CLASS = defineIndex("ingresses-by-class", "Ingress", (ingress) => [
  listenedKey(ingress),
]);

/** The class that an Ingress names: the annotation `kubernetes.io/ingress.class` beats `spec.ingressClassName`. */
function classOf({ metadata, spec }: Ingress): string {
  const annotation = metadata.annotations[CLASS_ANNOTATION]?.trim();
  return annotation === undefined || annotation === "" ? (spec.ingressClassName ?? "") : annotation;
}

export function listenedKey(ingress: Ingress): string {
  return `${ingress.metadata.namespace}/${classOf(ingress)}`;
}

export function parseListenedKey(key: string): Listened {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), ingressClass: key.slice(slash + 1) };
}

/** The name of the MseIngressConfig that a class points at, if it points at one. */
export function configOfClass({ spec: { parameters } }: IngressClass): string | undefined {
  if (parameters?.apiGroup !== MSE_GROUP || parameters.kind !== "MseIngressConfig") return undefined;
  return parameters.name;
}

/**
 * Whether a gateway with these rules listens to Ingresses of a namespace and class. Recorded reads: the
 * IngressClass of that name, or all of them when there is no name.
 */
export function listensTo(
  rules: ListeningRules,
  { namespace, ingressClass }: Listened,
  store: Pick<StoreReader, "get" | "list">,
): boolean {
  if (rules.namespace !== undefined && rules.namespace !== namespace) return false;
  if (ingressClass !== "") return takes(rules, ingressClass, store.get("IngressClass", "", ingressClass));
  if (rules.ingressClass === "" || rules.ingressClass === NGINX_CLASS) return true;
  return store
    .list("IngressClass")
    .filter(({ metadata }) => metadata.annotations[DEFAULT_CLASS_ANNOTATION] === "true")
    .some((object) => takes(rules, object.metadata.name, object));
}

function takes(rules: ListeningRules, name: string, object: IngressClass | undefined): boolean {
  const config = object && configOfClass(object);
  // Its policy, as a list of addresses, is in force on the gateway of that config alone.
  if (config !== undefined) return config === rules.config;
  if (rules.ingressClass === "" || rules.ingressClass === name) return true;
  return rules.controller !== undefined && object?.spec.controller === rules.controller;
}

/**
 * Tells whether the gateway with these rules listens to an Ingress, by recorded reads. One derivation for each pair of
 * namespace and class, so that what changes in an IngressClass or in the rules runs Ingresses again only where it matters.
 */
export function createListening(
  store: StoreReader,
  rules: () => ListeningRules,
): (ingress: Ingress) => boolean {
  const listening = store.graph.derive("listening", (key) =>
    listensTo(rules(), parseListenedKey(key), store),
  );
  return (ingress) => listening(listenedKey(ingress));
}
