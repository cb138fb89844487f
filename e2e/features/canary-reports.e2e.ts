import { describe, expect, it } from "vitest";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const MSE = "mse.ingress.kubernetes.io";
const CANARY = { "x-canary": "always" };

function scenario(name: string, annotations: Readonly<Record<string, string>>, plainKeys = true): object[] {
  const host = `${name}.example.com`;
  return [
    ingress({ name, host, paths: [{ path: "/", service: "main" }] }),
    ingress({
      name: `${name}-canary`,
      host,
      paths: [{ path: "/", service: "one" }],
      annotations: plainKeys ? { canary: "true", ...annotations } : annotations,
    }),
  ];
}

const BAD: readonly [name: string, key: string, value: string][] = [
  ["bad-weight", "canary-weight", "10%"],
  ["negative-weight", "canary-weight", "-5"],
  ["float-weight", "canary-weight", "0.5"],
  ["bad-total", "canary-weight-total", "0"],
  ["bad-header", "canary-by-header", "X Canary"],
  ["bad-pattern", "canary-by-header-pattern", "b(?=eta)"],
  ["broken-pattern", "canary-by-query-pattern", "(b"],
  ["bad-cookie", "canary-by-cookie", "a=b;c"],
];

const shared = useGateway({
  backends: ["main", "one"],
  objects: () => [
    ...BAD.flatMap(([name, key, value]) =>
      scenario(name, {
        "canary-by-header": "X-Canary",
        "canary-by-query": "can",
        "canary-weight": "0",
        [key]: value,
      }),
    ),
    ...scenario("bad-boolean", { canary: "yes", "canary-weight": "100" }),
    ingress({
      name: "alone",
      host: "alone.example.com",
      paths: [{ path: "/", service: "one" }],
      annotations: { canary: "true", "canary-weight": "100" },
    }),
    ingress({
      name: "unused",
      host: "unused.example.com",
      paths: [{ path: "/", service: "one" }],
      annotations: { "canary-by-header": "X-Canary", "canary-weight": "0" },
    }),
    ...scenario("value-alone", { "canary-by-header-value": "beta", "canary-weight": "100" }),
    ...scenario("sticky", { "affinity-canary-behavior": "sticky", "canary-weight": "0" }),
    ...scenario("unheeded", {
      "canary-by-header": "X-Canary",
      "whitelist-source-range": "10.0.0.0/8",
      "request-header-control-update": "x-a b",
      "load-balance": "random",
    }),
    ...scenario("unheeded-too", {
      "canary-by-header": "X-Canary",
      "denylist-source-range": "oops",
      "default-backend": "main",
    }),
    ingress({
      name: "copied",
      host: "copied.example.com",
      createdAt: "2019-01-01T00:00:00Z",
      annotations: { "enable-cors": "true" },
      paths: [{ path: "/", service: "main" }],
    }),
    ingress({
      name: "copied-canary",
      host: "copied.example.com",
      annotations: { canary: "true", "nginx.ingress.kubernetes.io/enable-cors": "true" },
      paths: [{ path: "/", service: "one" }],
    }),
    ...scenario(
      "kruise",
      {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "0",
        "nginx.ingress.kubernetes.io/canary-by-query": "can",
        "mse.ingress.kubernetes.io/request-header-control-update": "x-kruise yes",
      },
      false,
    ),
    ...scenario(
      "order",
      {
        [`${MSE}/canary`]: "true",
        "nginx.ingress.kubernetes.io/canary": "false",
        "higress.io/canary-by-header": "X-Higress-Io",
        "higress.ingress.kubernetes.io/canary-by-header": "X-Higress",
        "nginx.ingress.kubernetes.io/canary-by-header": "X-Nginx",
        "higress.io/canary-weight": "0",
        "nginx.ingress.kubernetes.io/canary-weight": "100",
      },
      false,
    ),
    ...scenario(
      "agree",
      {
        [`${MSE}/canary`]: "true",
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "100",
        "disabled.higress.io/canary-weight": "0",
      },
      false,
    ),
    ...scenario(
      "blank",
      {
        [`${MSE}/canary`]: "true",
        [`${MSE}/canary-weight`]: " ",
        "nginx.ingress.kubernetes.io/canary-weight": "100",
      },
      false,
    ),
  ],
});

describe("bad values are ignored and reported, and nothing else is touched", () => {
  it.each(BAD)("%s", async (name, key, value) => {
    expect(shared.diagnostics(`${name}-canary`)).toContainEqual(
      expect.objectContaining({
        code: "annotation-value",
        severity: "warning",
        key: `${MSE}/${key}`,
        value,
        expected: expect.stringMatching(/\w+/),
      }),
    );
    expect(shared.diagnostics(name)).toEqual([]);
    const host = `${name}.example.com`;
    expect(await shared.who({ host })).toBe("main");
    // The other rule of the same canary lives on.
    const other = key.startsWith("canary-by-header") ? { path: "/?can=always" } : { headers: CANARY };
    const both = { path: "/?can=always", headers: CANARY };
    expect(await shared.who({ host, ...(key === "canary-by-header" ? other : both) })).toBe("one");
  });

  it("a canary that is no boolean makes it an ordinary, conflicting Ingress", async () => {
    expect(shared.diagnostics("bad-boolean-canary")).toContainEqual(
      expect.objectContaining({ code: "annotation-value", key: `${MSE}/canary`, value: "yes" }),
    );
    expect(await shared.who({ host: "bad-boolean.example.com" })).toBe("main");
  });
});

describe("keys without effect are reported", () => {
  it("what the main Ingress decides, on the canary", async () => {
    expect(await shared.who({ host: "unheeded.example.com", headers: CANARY })).toBe("one");
    expect(shared.diagnostics("unheeded-canary")).toMatchObject([
      {
        code: "annotation-no-effect",
        severity: "warning",
        key: `${MSE}/whitelist-source-range`,
        value: "10.0.0.0/8",
        hint: "Set it on default/unheeded.",
      },
    ]);
  });

  it("and nothing of what would follow from it", async () => {
    expect(await shared.who({ host: "unheeded-too.example.com", headers: CANARY })).toBe("one");
    expect(shared.diagnostics("unheeded-too-canary").map(({ code, key }) => [code, key])).toEqual([
      ["annotation-no-effect", `${MSE}/default-backend`],
      ["annotation-no-effect", `${MSE}/denylist-source-range`],
    ]);
  });

  it("not where both say the same", () => {
    expect(shared.diagnostics("copied-canary")).toEqual([]);
  });

  it("a canary without a main rule takes nothing", async () => {
    expect(await shared.who({ host: "alone.example.com" })).toBe(404);
    expect(shared.diagnostics("alone")).toMatchObject([{ code: "canary-without-main", severity: "warning" }]);
  });

  it("canary keys without canary", async () => {
    expect(await shared.who({ host: "unused.example.com", headers: { "x-canary": "never" } })).toBe("one");
    expect(shared.diagnostics("unused").map(({ code, key }) => [code, key])).toEqual([
      ["canary-keys-unused", `${MSE}/canary-by-header`],
      ["canary-keys-unused", `${MSE}/canary-weight`],
    ]);
  });

  it("a value without the key that names what it is compared with", async () => {
    expect(await shared.who({ host: "value-alone.example.com" })).toBe("one");
    expect(shared.diagnostics("value-alone-canary")).toMatchObject([
      { code: "annotation-no-effect", key: `${MSE}/canary-by-header-value` },
    ]);
  });

  it("affinity-canary-behavior sticky, since it is always legacy", async () => {
    const headers = { cookie: "INGRESSCOOKIE=of-the-canary" };
    for (let n = 0; n < 4; n++)
      expect(await shared.who({ host: "sticky.example.com", headers })).toBe("main");
    expect(shared.diagnostics("sticky-canary")).toMatchObject([
      { code: "annotation-no-effect", key: `${MSE}/affinity-canary-behavior`, value: "sticky" },
    ]);
  });
});

describe("prefixes", () => {
  it("mean the same for every key, as rollout tools mix them", async () => {
    const host = "kruise.example.com";
    const response = await shared.send({ host, path: "/?can=always" });
    expect(response.seen()).toMatchObject({ backend: "one", headers: { "x-kruise": "yes" } });
    expect(await shared.who({ host })).toBe("main");
    expect(shared.diagnostics("kruise-canary")).toEqual([]);
  });

  it("have an order that decides where they disagree, and that is reported", async () => {
    const host = "order.example.com";
    expect(await shared.who({ host, headers: { "x-higress": "always" } })).toBe("one");
    expect(await shared.who({ host, headers: { "x-higress-io": "always" } })).toBe("main");
    expect(await shared.who({ host, headers: { "x-nginx": "always" } })).toBe("main");
    const found = shared.diagnostics("order-canary");
    expect(found.map(({ code, key, value }) => [code, key, value])).toEqual([
      ["annotation-conflict", "higress.io/canary-by-header", "X-Higress-Io"],
      ["annotation-conflict", "nginx.ingress.kubernetes.io/canary", "false"],
      ["annotation-conflict", "nginx.ingress.kubernetes.io/canary-by-header", "X-Nginx"],
      ["annotation-conflict", "nginx.ingress.kubernetes.io/canary-weight", "100"],
    ]);
  });

  it("that agree, and those that the console switched off, are not worth a word", async () => {
    expect(await shared.who({ host: "agree.example.com" })).toBe("one");
    expect(shared.diagnostics("agree-canary")).toEqual([]);
  });

  it("with a blank value are as if absent, so that a weaker one decides", async () => {
    expect(await shared.who({ host: "blank.example.com" })).toBe("one");
  });
});
