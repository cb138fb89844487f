import { ANNOTATION_PREFIXES, type Feature } from "@sluice/feature-api";
import type { Ingress, KubeObject, ObjectRef } from "@sluice/model";
import fc from "fast-check";
import type { KeyPair } from "./key-pair.ts";
import {
  endpoint,
  type IngressFields,
  ingress,
  ingressClass,
  legacyEndpoints,
  pod,
  secret,
  service,
  slice,
} from "./objects.ts";

/**
 * Random objects that meet: few names, hosts, paths and Services, so that Ingresses share them, conflict, double each
 * other as canaries, and refer to what is not there.
 */

export const HOSTS = [
  "a.test",
  "b.test",
  "c.test",
  "d.e.test",
  "x.a.test",
  "*.a.test",
  "*.test",
  "",
  "A.test.",
  "bad host",
] as const;
const NAMESPACES = ["default", "other"] as const;
const SERVICES = ["web", "api", "v2"] as const;
const PATHS = ["/", "/x", "/x/", "/x/y", "/(a|b)/.*", "", "x", "/é%2f"] as const;
const SECRETS = ["sound", "wild", "junk", "absent"] as const;

/** Values that parsers may not expect. */
const ODD_VALUES = [
  "",
  " ",
  "true",
  "false",
  "0",
  "1",
  "-1",
  "100",
  "1e9",
  "99999999999999999999",
  "nonsense",
  "$host",
  "a b\nc d\n\n e",
  '"',
  "%",
  "%REQ(x)%",
  "é\u0000\u007f\u{1f600}",
  "(",
  "\\",
  "[[:alpha:]]+$1",
  "/",
  "//x",
  "https://a.test/?q=%20#x",
  "default/api",
  "b.test, *.a.test, x.c.test",
  "a.test,*.test",
  "web.default.svc.cluster.local:80",
  "x".repeat(5000),
] as const;

export interface WorldOptions {
  readonly features: readonly Feature[];
  /** Certificates for `a.test`, and for `*.test`. */
  readonly sound: KeyPair;
  readonly wild: KeyPair;
}

/** One change: an object stored or taken out. */
export type Operation = { readonly set: KubeObject } | { readonly removed: ObjectRef };

/** Annotations of all families, with values that work and values that do not; canaries are frequent. */
export function arbitraryAnnotations(features: readonly Feature[]): fc.Arbitrary<Record<string, string>> {
  const examples = features.flatMap((feature) =>
    Object.entries(feature.keys).map(([name, key]) => [name.replace("*", "x-a"), key.example] as const),
  );
  const value = fc.oneof(fc.constantFrom(...ODD_VALUES), fc.string({ unit: "grapheme", maxLength: 12 }));
  const known = fc
    .tuple(
      fc.constantFrom(...examples),
      fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value }),
    )
    .map(([[name, example], odd]) => [name, odd ?? example] as const);
  const prefix = fc.constantFrom(...ANNOTATION_PREFIXES);
  const some = fc
    .array(fc.tuple(prefix, known), { maxLength: 5 })
    .map((list) => Object.fromEntries(list.map(([start, [name, text]]) => [`${start}${name}`, text])));
  return fc
    .tuple(
      some,
      fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: arbitraryCanary() }),
    )
    .map(([all, canary]) => ({ ...all, ...canary }));
}

function arbitraryCanary(): fc.Arbitrary<Record<string, string>> {
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  return fc
    .record({
      canary: fc.constant("true"),
      "canary-weight": optional(fc.constantFrom("0", "10", "60", "100", "200")),
      "canary-weight-total": optional(fc.constantFrom("100", "1000")),
      "canary-by-header": optional(fc.constant("x-canary")),
      "canary-by-cookie": optional(fc.constant("canary")),
    })
    .map((keys) =>
      Object.fromEntries(
        Object.entries(keys)
          .filter(([, text]) => text !== undefined)
          .map(([name, text]) => [`mse.ingress.kubernetes.io/${name}`, text ?? ""]),
      ),
    );
}

export function arbitraryIngress(features: readonly Feature[]): fc.Arbitrary<Ingress> {
  const host = fc.constantFrom(...HOSTS);
  const path = fc.record({
    path: fc.constantFrom(...PATHS),
    pathType: fc.constantFrom("Exact", "Prefix", "ImplementationSpecific"),
    service: fc.constantFrom(...SERVICES, "missing", ""),
    port: fc.constantFrom(80, "http", 81),
  });
  const rules = fc.array(fc.tuple(host, fc.array(path, { minLength: 1, maxLength: 3 })), {
    maxLength: 2,
    size: "max",
  });
  const tls = fc.array(
    fc.record(
      { hosts: fc.array(host, { maxLength: 2 }), secretName: fc.constantFrom(...SECRETS) },
      { requiredKeys: ["hosts"] },
    ),
    { maxLength: 1 },
  );
  const fields: fc.Arbitrary<IngressFields> = fc.record(
    {
      namespace: fc.constantFrom(...NAMESPACES),
      annotations: arbitraryAnnotations(features),
      rules,
      tls,
      age: fc.nat(3),
      defaultBackend: fc.constantFrom(...SERVICES),
      ingressClass: fc.oneof(
        { weight: 8, arbitrary: fc.constant("mse") },
        { weight: 1, arbitrary: fc.constantFrom("foreign", undefined) },
      ),
    },
    { requiredKeys: ["namespace", "annotations", "rules", "tls", "ingressClass"] },
  );
  return fc
    .tuple(fc.constantFrom("one", "two", "three", "four", "five", "six", "seven"), fields)
    .map(([name, rest]) => ingress(name, rest));
}

/** Objects of every kind that translation reads. */
export function arbitraryObject(options: WorldOptions): fc.Arbitrary<KubeObject> {
  const namespace = fc.constantFrom(...NAMESPACES);
  const name = fc.constantFrom(...SERVICES);
  const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3", "::1", "no-address");
  const endpoints = fc.array(
    fc
      .record({
        address,
        ready: fc.boolean(),
        serving: fc.boolean(),
        terminating: fc.boolean(),
        podName: fc.option(fc.constantFrom("pod-1", "pod-2"), { nil: undefined }),
      })
      .map(({ address: ip, podName, ...conditions }) =>
        endpoint(ip, { ...conditions, ...(podName === undefined ? {} : { podName }) }),
      ),
    { maxLength: 3 },
  );
  const services = fc
    .record({
      name,
      namespace,
      type: fc.constantFrom("ClusterIP", "ExternalName"),
      clusterIP: fc.constantFrom("10.96.0.1", "None", "", "no-address"),
      ports: fc.constantFrom(
        [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }],
        [{ name: "grpc", port: 80, targetPort: 8080, protocol: "TCP" }],
        [{ port: 81, targetPort: 8080, protocol: "TCP" }],
        [],
      ),
    })
    .map(({ name: called, namespace: where, ...spec }) => service(called, spec, where));
  const slices = fc
    .tuple(fc.constantFrom("slice-1", "slice-2"), name, endpoints, namespace)
    .map(([called, of, list, where]) => slice(called, of, list, { namespace: where }));
  const legacy = fc
    .tuple(name, fc.array(address, { maxLength: 2 }), namespace)
    .map(([called, ips, where]) => legacyEndpoints(called, ips, where));
  const labels = fc.constantFrom({}, { "opensergo.io/canary": "" }, { "opensergo.io/canary-gray": "gray" });
  const pods = fc
    .tuple(fc.constantFrom("pod-1", "pod-2"), labels, namespace)
    .map(([called, found, where]) => pod(called, found, where));
  const pairs = { sound: options.sound, wild: options.wild, junk: { chain: "junk", key: options.sound.key } };
  const secrets = fc
    .tuple(fc.constantFrom("sound", "wild", "junk"), fc.constantFrom("sound", "wild", "junk"), namespace)
    .map(([called, content, where]) => secret(called, pairs[content], where));
  const classes = fc.nat(2).chain((dice) =>
    fc.constantFrom(
      ingressClass("mse", "mse.alibabacloud.com/ingress"),
      ingressClass("mse", "mse.alibabacloud.com/ingress", true),
      ingressClass("foreign", "mse.alibabacloud.com/ingress"),
      ingressClass("foreign", "foreign", true),
      // Takes everything away, and so is rare.
      ...(dice === 0 ? [ingressClass("mse", "foreign")] : []),
    ),
  );
  return fc.oneof(
    { weight: 8, arbitrary: arbitraryIngress(options.features) },
    { weight: 3, arbitrary: services },
    { weight: 3, arbitrary: slices },
    { weight: 1, arbitrary: legacy },
    { weight: 1, arbitrary: pods },
    { weight: 2, arbitrary: secrets },
    { weight: 1, arbitrary: classes },
  );
}

/** Changes, some of which take out what others have stored. */
export function arbitraryOperations(
  options: WorldOptions,
  maxLength: number,
  minLength = 0,
): fc.Arbitrary<Operation[]> {
  const operation = fc.tuple(arbitraryObject(options), fc.nat(3)).map(([object, dice]): Operation => {
    const { namespace, name } = object.metadata;
    return dice === 0 ? { removed: { kind: object.kind, namespace, name } } : { set: object };
  });
  return fc.array(operation, { minLength, maxLength, size: "max" });
}
