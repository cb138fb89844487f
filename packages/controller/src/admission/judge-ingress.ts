import type { AdmissionRequest, AdmissionVerdict } from "@sluice/admission";
import { World } from "@sluice/ads";
import type { Feature } from "@sluice/feature-api";
import { ingressRevision, isRawObject, narrowObject } from "@sluice/kubernetes-objects";
import {
  compareDiagnostics,
  type Diagnostic,
  type DiagnosticCode,
  type GatewaySettings,
  type Ingress,
} from "@sluice/model";
import { createGraph, type Store } from "@sluice/store";
import { startTranslation, type TranslateSettings, watchUnserved } from "@sluice/translate";
import { createXds } from "@sluice/xds";
import { createModelState } from "../gateway/model-state.ts";
import { createRendering } from "../gateway/rendering.ts";
import { overlayStore } from "./overlay-store.ts";

/** One gateway, as far as judging an object goes. */
export interface JudgingGateway {
  readonly translate: TranslateSettings;
  readonly settings: GatewaySettings;
}

export interface JudgeOptions {
  readonly store: Store;
  readonly features: readonly Feature[];
  readonly gateways: readonly JudgingGateway[];
  /** `spec.controller` of the IngressClasses that are this process's business. */
  readonly controller: string;
}

/**
 * What the gateways would say of an Ingress if it were stored: it alone is translated, against the objects that they know.
 * It is denied only if a protection of it cannot be built, which would close its routes with 503; everything else is a
 * warning. An update that leaves spec and annotations as they are is never denied: who writes labels, a finalizer or our own
 * annotations has not broken it. What only Secrets could tell is not told. Throws for a bug of ours alone.
 */
export function judgeIngress(
  { operation, object, oldObject }: AdmissionRequest,
  options: JudgeOptions,
): AdmissionVerdict {
  if (object === undefined) return { warnings: [] };
  const mayDeny = operation !== "UPDATE" || oldObject === undefined || hasOtherWords(object, oldObject);
  const found: Diagnostic[] = [];
  const candidate = narrowObject(named(structuredClone(object)), {
    report: ({ diagnostic }) => found.push(diagnostic),
  });
  if (candidate === undefined) return verdict(found, mayDeny);
  if (candidate.kind !== "Ingress") return { warnings: [] };
  // A narrowed object of one source is like that of another: the gateway needs to have no Ingress of its own in the store.
  for (const gateway of options.gateways) found.push(...diagnosticsOf(candidate, gateway, options));
  found.push(...unserved(candidate, options));
  return verdict(found, mayDeny);
}

type Raw = Readonly<Record<string, unknown>>;

/** Whether an update changes what its authors say. One of an object that is on its way out does not count. */
function hasOtherWords(object: Raw, oldObject: Raw): boolean {
  if (metadataOf(object).deletionTimestamp != null) return false;
  return ingressRevision(object) !== ingressRevision(oldObject);
}

/** An object whose name the API server will make up is judged as one with the shortest such name. */
function named(object: Raw): Raw {
  const metadata = metadataOf(object);
  const { name, generateName } = metadata;
  if ((name !== undefined && name !== "") || typeof generateName !== "string") return object;
  return { ...object, metadata: { ...metadata, name: `${generateName}0` } };
}

function metadataOf({ metadata }: Raw): Raw {
  return isRawObject(metadata) ? metadata : {};
}

/** What cannot be known without Secrets, or is not yet so when objects are applied together. */
export const UNKNOWABLE: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  "certificate-missing",
  "certificate-invalid",
  "certificate-expired",
  "certificate-host",
  "service-no-endpoints",
  "service-name-unresolved",
  "host-unresolved",
  "subset-empty",
]);

/** What cannot be known if not all others of a host have been looked at. */
const UNKNOWABLE_IN_PART: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>(["canary-without-main"]);

/** What one gateway would say of it, without what cannot be known here. */
export function diagnosticsOf(
  candidate: Ingress,
  { translate, settings }: JudgingGateway,
  { store, features }: JudgeOptions,
): Diagnostic[] {
  const failures: unknown[] = [];
  const graph = createGraph({ onError: (_name, _key, error) => failures.push(error) });
  const { state, sink } = createModelState();
  const overlay = overlayStore(store, candidate, graph);
  const stop = startTranslation({
    store: overlay.reader,
    features,
    settings: translate,
    sink,
  });
  const found = [...state.diagnostics.values()].flat();
  const rendering = createRendering(
    "admission",
    state,
    createXds({ features, settings, capabilities: { has: () => true } }),
    new World(),
    { rendered: () => {}, dropped: () => {}, diagnosed: () => {} },
  );
  const change = state.takeChange();
  if (change !== undefined) rendering.apply(change);
  found.push(...[...rendering.diagnostics.values()].flat());
  stop();
  if (failures.length > 0) throw failures[0];
  const { namespace, name } = candidate.metadata;
  return found.filter(({ origin, code }) => {
    const object = origin?.object;
    const isOwn = object?.kind === "Ingress" && object.namespace === namespace && object.name === name;
    return isOwn && !UNKNOWABLE.has(code) && !(overlay.isPartial() && UNKNOWABLE_IN_PART.has(code));
  });
}

/** What there is to say of an Ingress that none of the gateways listens to. */
function unserved(candidate: Ingress, { store, gateways, controller }: JudgeOptions): Diagnostic[] {
  const found: Diagnostic[] = [];
  const { reader } = overlayStore(store, candidate, createGraph());
  const stop = watchUnserved({
    store: reader,
    gateways: () => gateways.map(({ translate }) => translate.listens),
    controller,
    sink: (_unit, told) => found.push(...told),
  });
  stop();
  const { namespace, name } = candidate.metadata;
  return found.filter(({ origin }) => origin?.object.namespace === namespace && origin.object.name === name);
}

function verdict(found: readonly Diagnostic[], mayDeny: boolean): AdmissionVerdict {
  const told = found.filter(({ severity }) => severity !== "info").sort(compareDiagnostics);
  const closing = told.filter(({ code }) => mayDeny && code === "annotation-value-denied");
  const warnings = lines(told.filter((diagnostic) => !closing.includes(diagnostic)));
  if (closing.length === 0) return { warnings };
  return { denied: `A protection cannot be built: ${lines(closing).join(" ")}`, warnings };
}

function lines(found: readonly Diagnostic[]): string[] {
  return [...new Set(found.map(sentence))];
}

function sentence({ message, expected }: Diagnostic): string {
  return expected === undefined ? message : `${message} Expected: ${expected}.`;
}
