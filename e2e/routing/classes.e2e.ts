import { describe, expect, it } from "vitest";
import { type IngressSpec, ingress, yamlOf } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const OLD = "kubernetes.io/ingress.class";

/** Class in `spec` (null: none) and in the old annotation; whether it is ours. */
const CLASSES: readonly [spec: string | null, annotation: string | undefined, ours: boolean][] = [
  ["mse", undefined, true],
  ["by-controller", undefined, true],
  ["foreign", undefined, false],
  ["not-there", undefined, false],
  ["foreign", "mse", true],
  ["mse", "foreign", false],
  [null, "mse", true],
  [null, "by-controller", true],
  [null, "foreign", false],
  [null, undefined, false],
];

function ingressClass(name: string, controller: string, isDefault = false): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: {
      name,
      ...(isDefault ? { annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } } : {}),
    },
    spec: { controller },
  };
}

function withClass(spec: IngressSpec, className: string | null): object {
  const made = JSON.parse(JSON.stringify(ingress(spec)));
  if (className === null) delete made.spec.ingressClassName;
  else made.spec.ingressClassName = className;
  return made;
}

const shared = useGateway({
  backends: ["echo", "other"],
  objects: () => [
    ingressClass("by-controller", "mse.alibabacloud.com/ingress"),
    ingressClass("foreign", "example.com/other"),
    ...CLASSES.map(([spec, annotation], n) =>
      withClass(
        {
          name: `c${n}`,
          host: `c${n}.example.com`,
          annotations: annotation === undefined ? {} : { [OLD]: annotation },
        },
        spec,
      ),
    ),
    ingress({
      name: "backend-only",
      defaultBackend: "other",
    }),
    ingress({
      name: "both",
      host: "both.example.com",
      defaultBackend: "other",
      paths: [{ path: "/echo", service: "echo" }],
    }),
    ingress({
      name: "types",
      host: "types.example.com",
      paths: [{ path: "/specific", service: "echo", pathType: "ImplementationSpecific" }],
    }),
    ingress({ name: "bad-host", host: "a_b..example.com" }),
    ingress({
      name: "bad-path",
      host: "bad-path.example.com",
      paths: [
        { path: "no-slash", service: "echo" },
        { path: "/fine", service: "echo" },
      ],
    }),
  ],
});

describe("whose an Ingress is", () => {
  it.each(CLASSES.map(([spec, annotation, ours], n) => ({ spec, annotation, ours, n })))(
    "class $spec, annotation $annotation: ours $ours",
    async ({ ours, n }) => {
      // Hosts that are not ours fall to the Ingress without rules.
      expect(await shared.who({ host: `c${n}.example.com` })).toBe(ours ? "echo" : "other");
    },
  );

  it("one without a class is reported, until a class is the default", async () => {
    const name = `c${CLASSES.length - 1}`;
    expect(shared.diagnostics(name)).toMatchObject([{ code: "ingress-class-missing" }]);
    const yaml = yamlOf(ingressClass("default", "mse.alibabacloud.com/ingress", true));
    await shared.gateway.apply("default-class.yaml", yaml);
    expect(await shared.who({ host: `${name}.example.com` })).toBe("echo");
    expect(shared.diagnostics(name)).toEqual([]);
    await shared.gateway.remove("default-class.yaml");
    expect(await shared.who({ host: `${name}.example.com` })).toBe("other");
  });
});

describe("spec.defaultBackend", () => {
  it("without rules takes what no other host does", async () => {
    expect(await shared.who({ host: "nobody.example.com", path: "/x" })).toBe("other");
  });

  it("with rules takes what is left of their hosts", async () => {
    expect(await shared.who({ host: "both.example.com", path: "/echo" })).toBe("echo");
    expect(await shared.who({ host: "both.example.com", path: "/x" })).toBe("other");
  });

  it("of others does not take what is left of a host", async () => {
    expect(await shared.who({ host: "types.example.com", path: "/x" })).toBe(404);
  });
});

describe("rules", () => {
  it.each([
    ["/specific", "echo"],
    ["/specific/x", "echo"],
    ["/specificx", 404],
  ])("ImplementationSpecific is Prefix: %s", async (path, expected) => {
    expect(await shared.who({ host: "types.example.com", path })).toBe(expected);
  });

  it("with a path or host that cannot be used are dropped alone, and reported", async () => {
    expect(await shared.who({ host: "bad-path.example.com", path: "/fine" })).toBe("echo");
    expect(shared.diagnostics("bad-path")).toMatchObject([
      { code: "rule-invalid", severity: "error", value: "no-slash", expected: expect.any(String) },
    ]);
    expect(shared.diagnostics("bad-host")).toMatchObject([
      { code: "rule-invalid", severity: "error", value: "a_b..example.com", expected: expect.any(String) },
    ]);
  });
});
