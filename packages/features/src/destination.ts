import { type DraftContext, defineFeature, isObjectName, type ParseContext, raw } from "@sluice/feature-api";
import { type Backend, type BackendTarget, backendName } from "@sluice/model";
import { type SubsetPolicy, serviceSubset, subset, subsetNameType, subsetVariant } from "./service-subset.ts";

interface Destination {
  readonly weight: number;
  readonly target: BackendTarget;
  readonly subset?: SubsetPolicy;
}

const EXPECTED = "lines of [WEIGHT%] SERVICE.NAMESPACE.svc.cluster.local[:PORT] [SUBSET]";
const MAX_WEIGHT = 1_000_000;

/** Backends other than those of the rules. */
export const destination = defineFeature({
  id: "destination",
  title: "Destination",
  scope: "route",
  onInvalid: "ignore",
  perVariant: true,
  keys: {
    destination: raw({
      doc: "Lines of backends that replace those of every rule of the Ingress: a weight in percent (100 if absent; weights count relative to their sum), a Service of any namespace by its DNS name, its port (the first if absent), and a subset as `service-subset` has it. One malformed line, and the rules keep their own backends.",
      example: "90% web.default.svc.cluster.local:80\n10% web.default.svc.cluster.local:80 v2",
      default: "the backends of the rules",
      nginx: "ingress-nginx does not have it.",
      higress: "Backends of other registries (nacos, eureka, dns, static) are recognised, and not supported.",
    }),
  },
  parse: (values, context): readonly Destination[] | undefined => {
    if (values.destination === undefined) return undefined;
    const found: Destination[] = [];
    for (const line of values.destination.split("\n").map((each) => each.trim())) {
      if (line === "") continue;
      const parsed = parseLine(line);
      if (parsed === undefined) {
        reportLine(line, context);
        return undefined;
      }
      found.push(parsed);
    }
    const sum = found.reduce((all, { weight }) => all + weight, 0);
    if (sum === 0) {
      context.report.bad("destination", "at least one line with a weight above 0");
      return undefined;
    }
    if (sum !== 100) reportSum(sum, context);
    return found;
  },
  draftStage: "backend",
  draft: (draft, policy, context) => ({
    ...draft,
    backends: policy.map((each) => ({ backend: backendOf(each, context), weight: each.weight })),
  }),
});

function backendOf(each: Destination, context: DraftContext): Backend {
  const plain = context.backend(each.target);
  if (each.subset === undefined) return plain;
  const { suffix, policy } = subsetVariant(each.subset);
  return { ...plain, name: backendName(each.target, [suffix]), variant: { [serviceSubset.id]: policy } };
}

function parseLine(line: string): Destination | undefined {
  const words = line.split(/\s+/);
  const percent = /^([0-9]{1,7})%$/.exec(words[0] ?? "");
  const [address = "", name, ...more] = percent === null ? words : words.slice(1);
  const weight = percent === null ? 100 : Number(percent[1]);
  const target = parseAddress(address);
  if (target === undefined || more.length > 0 || weight > MAX_WEIGHT) return undefined;
  if (name === undefined) return { weight, target };
  return subsetNameType.parse(name).ok ? { weight, target, subset: subset(name) } : undefined;
}

function parseAddress(address: string): BackendTarget | undefined {
  const parts = /^([^.:]+)\.([^.:]+)\.svc\.cluster\.local(?::([0-9]{1,5}))?$/.exec(address);
  const [, name = "", namespace = "", port] = parts ?? [];
  if (!isObjectName(name) || !isObjectName(namespace)) return undefined;
  if (port === undefined) return { kind: "service", namespace, name, port: "first" };
  const number = Number(port);
  return number >= 1 && number <= 65_535 ? { kind: "service", namespace, name, port: { number } } : undefined;
}

function reportLine(line: string, context: ParseContext): void {
  const registry = /\.(nacos|eureka|dns|static)(?::[0-9]+)?(?:\s|$)/.exec(line);
  if (registry === null) {
    context.report.bad("destination", EXPECTED, line);
    return;
  }
  context.report.note("destination", {
    value: line,
    message: `destination names a backend of a registry (${registry[1]}), which is not supported yet: the rules keep their own backends.`,
    expected: EXPECTED,
  });
}

function reportSum(sum: number, context: ParseContext): void {
  context.report.note("destination", {
    message: `The weights of destination add up to ${sum}: they count relative to that.`,
    expected: "weights that add up to 100",
  });
}
