import { createHash } from "node:crypto";
import { bad, defineFeature, key, ok, type ParseContext, raw, type ValueType } from "@sluice/feature-api";

type Labels = Readonly<Record<string, string>>;

/** Which pods of a Service are meant. */
export interface SubsetPolicy {
  /** Part of the cluster's name; equal for equal pods, and different for different ones. */
  readonly suffix: string;
  /** All must be on the pod. Absent: pods of no canary. */
  readonly labels?: Labels;
}

/** The label, or the start of one, by which OpenSergo marks the pods of a canary. */
const CANARY_LABEL = "opensergo.io/canary";

const LABEL_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_PREFIX = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The name of a subset: part of a label's name, and a label's value. Blank is the base. */
export const subsetNameType: ValueType<string> = {
  expected: 'the name of a subset (at most 50 letters, digits and - _ .), "base", or nothing',
  schema: { type: "string", pattern: "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", maxLength: 50 },
  // With `canary-` in front it has to stay within the 63 characters of a label's name.
  parse: (text) =>
    text === "" || (LABEL_NAME.test(text) && text.length <= 50) ? ok(text) : bad(subsetNameType.expected),
};

/** The subset of that name, which {@link subsetNameType} has checked. */
export function subset(name: string): SubsetPolicy {
  return name === "" || name === "base"
    ? { suffix: "subset-base" }
    : { suffix: `subset-${name}`, labels: { [`${CANARY_LABEL}-${name}`]: name } };
}

/** What sets the cluster of a subset apart, for backends that other features make. */
export function subsetVariant(policy: SubsetPolicy): {
  readonly suffix: string;
  readonly policy: SubsetPolicy;
} {
  return { suffix: policy.suffix, policy };
}

/** Part of the pods of a Service. */
export const serviceSubset = defineFeature({
  id: "service-subset",
  title: "Service subset",
  scope: "route",
  onInvalid: "ignore",
  perVariant: true,
  keys: {
    "service-subset": key(subsetNameType, {
      doc: "Sends requests to part of the Service's pods. Blank or base: pods with the label opensergo.io/canary and no value, or without any label whose name starts like that. Another name V: pods labelled opensergo.io/canary-V with the value V. If none of them is ready: to all pods of the Service.",
      example: "v1",
      default: "all pods",
      blankCounts: true,
      nginx: "ingress-nginx does not have it.",
    }),
    "subset-labels": raw({
      doc: "Lines of label and value, all of which a pod must have: they replace the labels that `service-subset` stands for. Needs `service-subset`.",
      example: "version v1",
      default: "the labels that `service-subset` stands for",
      nginx: "ingress-nginx does not have it.",
    }),
  },
  parse: (values, context): SubsetPolicy | undefined => {
    const name = values["service-subset"];
    const text = values["subset-labels"];
    if (name === undefined) {
      if (text !== undefined) reportAlone(context);
      return undefined;
    }
    const labels = text === undefined ? undefined : parseLabels(text, context);
    return labels === undefined
      ? subset(name)
      : { suffix: `${subset(name).suffix}~${digest(labels)}`, labels };
  },
  backendVariant: subsetVariant,
  selectPod: ({ labels }, pod) => (labels === undefined ? isBase(pod) : hasAll(pod, labels)),
});

function isBase(pod: Labels): boolean {
  return pod[CANARY_LABEL] === "" || !Object.keys(pod).some((label) => label.startsWith(CANARY_LABEL));
}

function hasAll(pod: Labels, labels: Labels): boolean {
  return Object.entries(labels).every(([label, value]) => pod[label] === value);
}

/** Labels in order of name; undefined, reported, if a line is none. */
function parseLabels(text: string, context: ParseContext): Labels | undefined {
  const labels = new Map<string, string>();
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "") continue;
    const [label = "", value = "", ...more] = line.split(/\s+/);
    if (more.length > 0 || !isLabel(label) || !(value === "" || LABEL_NAME.test(value))) {
      context.report.bad("subset-labels", "lines of a label's name, a blank and a label's value", line);
      return undefined;
    }
    labels.set(label, value);
  }
  return Object.fromEntries([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isLabel(text: string): boolean {
  const [name = "", prefix, ...more] = text.split("/").reverse();
  return more.length === 0 && LABEL_NAME.test(name) && (prefix === undefined || LABEL_PREFIX.test(prefix));
}

function digest(labels: Labels): string {
  return createHash("sha256").update(JSON.stringify(labels)).digest("hex").slice(0, 12);
}

function reportAlone(context: ParseContext): void {
  context.report.note("subset-labels", {
    code: "annotation-no-effect",
    message: "subset-labels has no effect without service-subset.",
    hint: "Set service-subset, to nothing if you like.",
  });
}
