import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress, yamlOf } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const TRUE = ["true", "1", "t", "T", "TRUE", "True", " true "];
const FALSE = ["false", "0", "f", "F", "FALSE", "False"];
const NO_BOOLEAN = ["yes", "on", "tRUE", "2", "null"];
const INTEGERS = ["1", " 1 "];
const NO_INTEGER = ["1s", "+1", "1.0", "1e0", "0x1", "one", "1 2", "99999999999999999999"];
const PREFIXES = [
  "mse.ingress.kubernetes.io",
  "higress.ingress.kubernetes.io",
  "higress.io",
  "nginx.ingress.kubernetes.io",
];

const shared = useGateway({
  backends: ["echo"],
  objects: () => [
    ...[...TRUE, ...FALSE, ...NO_BOOLEAN, "", "  "].map((value, n) =>
      ingress({
        name: `bool${n}`,
        host: `bool${n}.example.com`,
        annotations: { "ignore-path-case": value },
        paths: [{ path: "/Path", service: "echo" }],
      }),
    ),
    ...[...INTEGERS, ...NO_INTEGER].map((value, n) =>
      ingress({ name: `int${n}`, host: `int${n}.example.com`, annotations: { timeout: value } }),
    ),
    ...PREFIXES.map((_, n) =>
      ingress({
        name: `prefix${n}`,
        host: `prefix${n}.example.com`,
        annotations: Object.fromEntries(
          PREFIXES.slice(n).map((each) => [`${each}/upstream-vhost`, `${each}.test`]),
        ),
      }),
    ),
    ingress({
      name: "unknown",
      host: "unknown.example.com",
      annotations: {
        "rewrite-targets": "/x",
        "example.com/rewrite-target": "/x",
        "disabled.higress.io/rewrite-target": "/x",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
      },
    }),
    ingress({
      name: "many-bad",
      host: "many-bad.example.com",
      annotations: {
        timeout: "1s",
        "canary-weight": "x",
        "rewrite-target": "/$uri",
        "load-balance": "best",
        "upstream-vhost": "good.test",
      },
    }),
    ingress({
      name: "neighbour",
      host: "many-bad.example.com",
      annotations: { "rewrite-target": "/neighbour" },
      paths: [{ path: "/near", service: "echo" }],
    }),
  ],
});

describe("booleans", () => {
  const values = [...TRUE, ...FALSE, ...NO_BOOLEAN, "", "  "].map((value, n) => [value, n] as const);

  it.each(values)("%j", async (value, n) => {
    const on = TRUE.includes(value);
    expect(await shared.who({ host: `bool${n}.example.com`, path: "/pATH" })).toBe(on ? "echo" : 404);
    expect(await shared.who({ host: `bool${n}.example.com`, path: "/Path" })).toBe("echo");
    if (NO_BOOLEAN.includes(value)) expectIgnored(shared, `bool${n}`, "ignore-path-case", value);
    else expect(shared.diagnostics(`bool${n}`)).toEqual([]);
  });
});

describe.concurrent("integers", () => {
  it.each([...INTEGERS, ...NO_INTEGER].map((value, n) => [value, n] as const))("%j", async (value, n) => {
    const response = await shared.send({
      host: `int${n}.example.com`,
      headers: { "x-echo-delay-ms": "1500" },
    });
    expect(response.status).toBe(INTEGERS.includes(value) ? 504 : 200);
    if (NO_INTEGER.includes(value)) expectIgnored(shared, `int${n}`, "timeout", value);
    else expect(shared.diagnostics(`int${n}`)).toEqual([]);
  });
});

describe("prefixes", () => {
  it.each(PREFIXES.map((prefix, n) => [prefix, n] as const))(
    "%s beats those below it, each of which is reported",
    async (prefix, n) => {
      expect((await shared.send({ host: `prefix${n}.example.com` })).seen().host).toBe(`${prefix}.test`);
      const found = shared.diagnostics(`prefix${n}`);
      expect(found.map(({ code, key }) => [code, key])).toEqual(
        PREFIXES.slice(n + 1).map((each) => ["annotation-conflict", `${each}/upstream-vhost`]),
      );
    },
  );

  it("of others, and those of the console's off switch, mean nothing; an unknown key of ours is reported", async () => {
    expect((await shared.send({ host: "unknown.example.com", path: "/y" })).seen().path).toBe("/y");
    expect(shared.diagnostics("unknown")).toMatchObject([
      { code: "annotation-unknown", key: "mse.ingress.kubernetes.io/rewrite-targets" },
    ]);
  });
});

describe("several bad values", () => {
  it("are each reported; the good ones hold, and so do other Ingresses of the host", async () => {
    const host = "many-bad.example.com";
    expect((await shared.send({ host, path: "/y" })).seen()).toMatchObject({ path: "/y", host: "good.test" });
    expect((await shared.send({ host, path: "/near/y" })).seen()).toMatchObject({ path: "/neighbour", host });
    const keys = shared.diagnostics("many-bad").map(({ code, key }) => `${code} ${key?.split("/")[1]}`);
    expect(keys).toEqual(
      expect.arrayContaining(
        ["timeout", "canary-weight", "rewrite-target", "load-balance"].map(
          (key) => `annotation-value ${key}`,
        ),
      ),
    );
    expect(shared.diagnostics("neighbour")).toEqual([]);
  });

  it("are mended one by one, without a restart", async () => {
    const mended = (annotations: Readonly<Record<string, string>>) =>
      yamlOf(ingress({ name: "mended", host: "mended.example.com", annotations }));
    const host = "mended.example.com";
    await shared.gateway.apply("mended.yaml", mended({ "rewrite-target": "/$uri" }));
    expect((await shared.send({ host, path: "/y" })).seen().path).toBe("/y");
    expectIgnored(shared, "mended", "rewrite-target", "/$uri");
    await shared.gateway.apply("mended.yaml", mended({ "rewrite-target": "/good" }));
    expect((await shared.send({ host, path: "/y" })).seen().path).toBe("/good");
    expect(shared.diagnostics("mended")).toEqual([]);
  });
});
