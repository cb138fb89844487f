import type { Backend, Diagnostic } from "@sluice/model";
import type { TranslateContext } from "./context.ts";
import type { Canary, HostFacts } from "./rule-routes.ts";

/**
 * What there is to say where the Service of a main rule selects all pods of a canary's Service: requests that stay with
 * the main rule then reach the canary's pods too, and its share is larger than declared. Kruise Rollouts has it so for
 * some seconds at the end of a rollout, when it has put the stable Service's selector back and the canary is still there.
 */
export function sharedPods(
  main: Canary,
  canaries: readonly Canary[],
  facts: HostFacts,
  context: TranslateContext,
): Diagnostic[] {
  const [first] = canaries;
  if (first === undefined || selectsPods(main, context)) return [];
  const { service } = facts.references(main.rules.ref.namespace);
  const stays = selectorOf(main.route.backend, service);
  if (stays === undefined) return [];
  return canaries.flatMap((canary) => {
    const goes = selectorOf(canary.route.backend, service);
    // Two backends of one Service are told apart by other means, or not meant to be.
    if (goes === undefined || goes.name === stays.name) return [];
    const shared = Object.entries(stays.selector).every(([label, value]) => goes.selector[label] === value);
    return shared ? [podsShared(canary, stays.name, goes.name)] : [];
  });
}

/** Whether an annotation narrows the pods of the rule's Service. */
function selectsPods({ rules }: Canary, { byScope }: TranslateContext): boolean {
  return byScope.route.some(
    ({ id, selectPod }) => selectPod !== undefined && rules.own.policies[id] !== undefined,
  );
}

interface Selection {
  /** Of the Service, `namespace/name`. */
  readonly name: string;
  /** Not empty. */
  readonly selector: Readonly<Record<string, string>>;
}

/** Undefined where the backend is no Service that selects pods. */
function selectorOf(
  backend: Backend | undefined,
  service: ReturnType<HostFacts["references"]>["service"],
): Selection | undefined {
  if (backend?.target.kind !== "service") return undefined;
  const { namespace, name } = backend.target;
  const selector = service(namespace, name)?.spec.selector ?? {};
  return Object.keys(selector).length === 0 ? undefined : { name: `${namespace}/${name}`, selector };
}

function podsShared({ route }: Canary, main: string, canary: string): Diagnostic {
  return {
    code: "canary-pods-shared",
    severity: "warning",
    origin: route.origin,
    key: route.origin.field ?? "",
    value: main,
    message: `Service ${main} of the main rule selects the pods of ${canary} too, so requests that are not for the canary reach it as well.`,
    expected: `a selector of ${main} that leaves out the pods of ${canary}`,
    hint: "Give the pods of either version a label of their own, and put it into the selectors. At the end of a Kruise Rollout this passes by itself.",
  };
}
