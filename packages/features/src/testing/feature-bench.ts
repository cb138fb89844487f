import {
  createReport,
  type DraftContext,
  type Feature,
  parseFeature,
  type References,
  type RouteDraft,
  resolveAnnotations,
} from "@sluice/feature-api";
import {
  type Backend,
  type BackendTarget,
  backendName,
  type Diagnostic,
  type ObjectRef,
  type PathMatch,
  type Policies,
  targetKey,
} from "@sluice/model";
import { recordParsed } from "./record-parsed.ts";

/** The Ingress of all feature tests. */
export const INGRESS: ObjectRef = { kind: "Ingress", namespace: "shop", name: "web" };

/** The backend of its rule. */
export const WEB: Backend = plain({ kind: "service", namespace: "shop", name: "web", port: { number: 80 } });

/** What parsing found, in the parts that tests look at. */
export interface Parsed {
  readonly policy: unknown;
  readonly denied: boolean;
  /** `code key`, with `: value` where it is part of the annotation's. */
  readonly found: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses annotations, given by key without prefix, by the product's own path from annotations to a policy. */
export function parse(
  feature: Feature,
  annotations: Readonly<Record<string, string>>,
  references: References = NO_REFERENCES,
): Parsed {
  return parseAs(feature, prefixed(annotations), references);
}

/** The same for annotations with their prefixes. */
export function parseAs(
  feature: Feature,
  annotations: Readonly<Record<string, string>>,
  references: References = NO_REFERENCES,
): Parsed {
  const { set } = resolveAnnotations(INGRESS, annotations);
  const { policy, denied, diagnostics } = parseFeature(feature, set, INGRESS, references);
  recordParsed(feature, set, diagnostics);
  return { policy, denied, diagnostics, found: diagnostics.map(summary) };
}

/** The code and the key of a finding. */
export function summary({ code, key = "" }: Diagnostic): string {
  return `${code} ${key.slice(key.indexOf("/") + 1)}`;
}

/** Runs the draft hook on a rule of INGRESS. */
export function draft(
  feature: Feature,
  policy: unknown,
  rule: {
    readonly path?: string;
    readonly match?: PathMatch;
    readonly references?: References;
    readonly start?: Partial<RouteDraft>;
    /** Policies of other features. */
    readonly policies?: Policies;
  } = {},
): { readonly draft: RouteDraft; readonly found: readonly string[] } {
  const { report, diagnostics } = createReport(new Map(), INGRESS, feature.onInvalid === "deny");
  const rulePath = rule.path ?? "/";
  const context: DraftContext = {
    object: INGRESS,
    report,
    references: rule.references ?? NO_REFERENCES,
    rulePath,
    ruleBackend: WEB,
    policies: { ...rule.policies, [feature.id]: policy },
    backend: plain,
  };
  const start: RouteDraft = {
    path: rule.match ?? { kind: "prefix", value: rulePath },
    conditions: [],
    backends: [{ backend: WEB, weight: 1 }],
    ...rule.start,
  };
  if (feature.draft === undefined) throw new Error(`${feature.id} has no draft hook`);
  return { draft: feature.draft(start, policy, context), found: diagnostics.map(summary) };
}

/** References that find nothing. */
export const NO_REFERENCES: References = {
  configMap: () => ({ fault: "there is none" }),
  secret: () => ({ fault: "there is none" }),
  certificate: () => ({ fault: "there is none" }),
  authority: () => ({ fault: "there is none" }),
  service: () => undefined,
  instances: () => 1,
  hasReadyEndpoint: () => false,
};

/** References to Services of these names (`namespace/name`), which all exist; only those listed are ready. */
export function readyServices(...names: readonly string[]): References {
  return {
    ...NO_REFERENCES,
    service: (namespace, name) => ({
      kind: "Service",
      metadata: { namespace, name, labels: {}, annotations: {} },
      spec: { type: "ClusterIP", selector: {}, ports: [] },
    }),
    hasReadyEndpoint: (target) => names.includes(targetKey(target)),
  };
}

/** A backend without a variant, as translation makes it. */
export function plain(target: BackendTarget): Backend {
  return { name: backendName(target, []), target, variant: {} };
}

function prefixed(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`mse.ingress.kubernetes.io/${key}`, value]),
  );
}
