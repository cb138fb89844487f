import type { Diagnostic, Ingress } from "@sluice/model";
import type { TranslateContext } from "./context.ts";

const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
const DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";

/**
 * Whether an Ingress is ours to serve. The annotation `kubernetes.io/ingress.class` beats
 * `spec.ingressClassName`; an Ingress with neither is ours if an IngressClass of ours is the default one.
 * Recorded reads: the IngressClass it names, or all of them when it names none.
 */
export function isOurs(
  ingress: Ingress,
  {
    store,
    settings,
  }: Pick<TranslateContext, "store"> & {
    readonly settings: Pick<TranslateContext["settings"], "ingressClass" | "controller">;
  },
): boolean {
  const name = classOf(ingress);
  if (name !== undefined) {
    const object = store.get("IngressClass", "", name);
    return object === undefined
      ? name === settings.ingressClass
      : object.spec.controller === settings.controller;
  }
  return store
    .list("IngressClass")
    .some(
      (object) =>
        object.spec.controller === settings.controller &&
        object.metadata.annotations[DEFAULT_CLASS_ANNOTATION] === "true",
    );
}

/** The class that an Ingress names, by annotation or field. */
function classOf(ingress: Ingress): string | undefined {
  const annotation = ingress.metadata.annotations[CLASS_ANNOTATION]?.trim();
  return annotation === undefined || annotation === "" ? ingress.spec.ingressClassName : annotation;
}

/** Says of an Ingress without any class that nobody serves it; another class is another controller's business. */
export function classDiagnostics(
  ingress: Ingress,
  ours: boolean,
  ingressClass: string,
): readonly Diagnostic[] {
  if (ours || classOf(ingress) !== undefined) return [];
  const { namespace, name } = ingress.metadata;
  return [
    {
      code: "ingress-class-missing",
      severity: "warning",
      origin: { object: { kind: "Ingress", namespace, name }, field: "spec.ingressClassName" },
      key: "spec.ingressClassName",
      message: "The Ingress names no class, and no class of ours is the default: it is not served.",
      expected: `spec.ingressClassName: ${ingressClass}`,
      hint: "Name the class, or mark an IngressClass as the default.",
    },
  ];
}
