import type { Diagnostic, ListeningRules, ObjectRef } from "@sluice/model";
import { parseObjectKey } from "@sluice/model";
import type { StoreReader } from "@sluice/store";
import {
  configOfClass,
  INGRESSES_BY_CLASS,
  type Listened,
  listensTo,
  parseListenedKey,
} from "./listening.ts";

export interface UnservedOptions {
  readonly store: StoreReader;
  /** The rules of all gateways of the process; a recorded read. */
  readonly gateways: () => readonly ListeningRules[];
  /** `spec.controller` of the classes that are this process's business. */
  readonly controller: string;
  /** Replaces what is to be said of the Ingresses of one namespace and class. */
  readonly sink: (unit: string, found: readonly Diagnostic[]) => void;
}

/**
 * Says of Ingresses that no gateway of the process listens to, once whatever the number of gateways: those without any
 * class, those whose class points at a MseIngressConfig that no gateway stands for, and those whose class is of our controller and
 * points at none. Other classes are other controllers' business. The cost follows the number of classes and namespaces. Returns a function that stops.
 */
export function watchUnserved({ store, gateways, controller, sink }: UnservedOptions): () => void {
  const index = store.index(INGRESSES_BY_CLASS);
  return store.graph.forEachKey(
    index.keys,
    (key) => {
      const say = findingOf(parseListenedKey(key), gateways(), controller, store);
      sink(
        `unserved ${key}`,
        say === undefined ? [] : index.get(key).map((ingress) => say(parseObjectKey(ingress))),
      );
    },
    (key) => sink(`unserved ${key}`, []),
  );
}

type Finding = (ingress: ObjectRef) => Diagnostic;

/** What is to be said of the class that an Ingress names, or does not name. */
function finding(words: Omit<Diagnostic, "origin" | "key">): Finding {
  const key = "spec.ingressClassName";
  return (object) => ({ ...words, origin: { object, field: key }, key });
}

function findingOf(
  listened: Listened,
  gateways: readonly ListeningRules[],
  controller: string,
  store: StoreReader,
): Finding | undefined {
  if (gateways.some((rules) => listensTo(rules, listened, store))) return undefined;
  if (listened.ingressClass === "") return withoutClass(gateways);
  const object = store.get("IngressClass", "", listened.ingressClass);
  const config = object && configOfClass(object);
  const isOurs =
    object?.spec.controller === controller ||
    gateways.some(({ ingressClass }) => ingressClass === listened.ingressClass);
  if (!isOurs) return undefined;
  if (config === undefined) return withoutConfig(listened, gateways, controller, store);
  const gateway = gateways.find((rules) => rules.config === config);
  return gateway === undefined
    ? withoutGateway(listened.ingressClass, config)
    : elsewhere(listened.ingressClass, config, gateway.namespace ?? "");
}

/** For a class that points at no MseIngressConfig: another controller's, unless its object says that it is ours. */
function withoutConfig(
  listened: Listened,
  gateways: readonly ListeningRules[],
  controller: string,
  store: StoreReader,
): Finding | undefined {
  const { ingressClass } = listened;
  if (store.get("IngressClass", "", ingressClass)?.spec.controller !== controller) return undefined;
  const nearby = gateways.find(({ namespace: _namespace, ...rules }) => listensTo(rules, listened, store));
  if (nearby?.namespace !== undefined)
    return elsewhere(ingressClass, nearby.config ?? ingressClass, nearby.namespace);
  return finding({
    code: "ingress-gateway-missing",
    severity: "warning",
    value: ingressClass,
    message: `The class ${ingressClass} points at no MseIngressConfig, and no gateway here listens to it by name: the Ingress is not served.`,
    expected: "an IngressClass whose spec.parameters point at a MseIngressConfig",
    hint: `Add spec.parameters to the IngressClass ${ingressClass}, or name it in spec.ingress.local.ingressClass of a MseIngressConfig.`,
  });
}

function withoutClass(gateways: readonly ListeningRules[]): Finding {
  const named = gateways.find(({ ingressClass = "" }) => ingressClass !== "")?.ingressClass;
  return finding({
    code: "ingress-class-missing",
    severity: "warning",
    message: "The Ingress names no class, and no class of ours is the default: it is not served.",
    expected: `spec.ingressClassName: ${named ?? "a class that a gateway listens to"}`,
    hint: "Name the class, or mark an IngressClass as the default.",
  });
}

/** An error: served without its config, its Ingresses would be open to addresses that the config keeps out. */
function withoutGateway(ingressClass: string, config: string): Finding {
  return finding({
    code: "ingress-gateway-missing",
    severity: "error",
    value: ingressClass,
    message: `The class ${ingressClass} points at the MseIngressConfig ${config}, whose policy is not in force on any gateway here: the Ingress is not served.`,
    expected: `a gateway that is configured by the MseIngressConfig ${config}`,
    hint: `Start the gateway with --mse-ingress-config ${config}, or with --managed for a gateway per MseIngressConfig; see that ${config} exists and is valid.`,
  });
}

function elsewhere(ingressClass: string, config: string, namespace: string): Finding {
  return finding({
    code: "ingress-gateway-missing",
    severity: "warning",
    value: ingressClass,
    message: `The gateway ${config} listens to the namespace ${namespace} alone: the Ingress is not served.`,
    expected: `an Ingress in ${namespace}`,
    hint: `See spec.ingress.local.watchNamespace of the MseIngressConfig ${config}.`,
  });
}
