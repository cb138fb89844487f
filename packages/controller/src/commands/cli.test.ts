import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { features } from "@sluice/features";
import { DEFAULT_GATEWAY_SETTINGS } from "@sluice/model";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { debugBench, shop } from "../debug/testing/debug-bench.ts";
import { CLI_TIMEOUT_MS, runCli, runShell } from "../testing/run-cli.ts";

/** The command line as a process: exit status, streams, and the shape of what is printed. */

const MISTAKES = "examples/mistakes";
const [BEFORE, AFTER] = ["examples/diff/before.yaml", "examples/diff/after.yaml"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("a start that fails", { timeout: CLI_TIMEOUT_MS }, () => {
  test("with an API server to follow ends the process all the same, and says what to do", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    // A listening TCP server has an address object.
    const { port } = taken.address() as AddressInfo;
    const kubeconfig = file(
      "unreachable.json",
      JSON.stringify({
        "current-context": "a",
        clusters: [{ name: "a", cluster: { server: "https://127.0.0.1:1" } }],
        users: [{ name: "a", user: { token: "sesame" } }],
        contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
      }),
    );
    const flags = ["--debug-address", "127.0.0.1:0", "--xds-tls-address", `127.0.0.1:${port}`];
    const { status, stderr } = await runCli(["serve", "--kube", "--kubeconfig", kubeconfig, ...flags]);
    expect(status).toBe(2);
    expect(stderr).toContain(`ADS cannot be served on 127.0.0.1:${port}`);
    expect(stderr).toContain("Choose another address");
    expect(stderr).not.toMatch(/^\s+at |sesame/m);
  });
});

describe("exit status", { timeout: CLI_TIMEOUT_MS }, () => {
  test.each<[string, number, string[]]>([
    ["help", 0, ["--help"]],
    ["an unknown flag", 2, ["check", "--nope", MISTAKES]],
    ["a bad setting", 2, ["check", "--ssl-redirect", "maybe", MISTAKES]],
    ["a path that is not there", 2, ["check", "no/such/path"]],
    ["nothing to run", 2, ["run"]],
    ["a kubeconfig that is not there", 2, ["serve", "--kube", "--kubeconfig", "no/such/file"]],
    ["standard input for what watches", 2, ["serve", "-"]],
    ["explain without a URL", 2, ["explain", MISTAKES, "GET"]],
    [
      "explain from files and a server",
      2,
      ["explain", "--server", "http://localhost:1", MISTAKES, "GET", "http://a/"],
    ],
    ["errors", 1, ["check", MISTAKES]],
    ["no errors", 0, ["check", BEFORE]],
    ["differences", 1, ["diff", BEFORE, AFTER]],
    ["no differences", 0, ["diff", BEFORE, BEFORE]],
    ["trouble in diff", 2, ["diff", BEFORE, "no/such/path"]],
  ])("%s: %i", async (_, status, args) => {
    const result = await runCli(args);
    expect(result.status).toBe(status);
    // Trouble says what to do, on standard error alone.
    if (status === 2) expect(result.stdout).toBe("");
    if (status === 2) expect(result.stderr).toMatch(/--help|Give|See|For example/);
    else expect(result.stderr).toBe("");
  });

  test.each([
    [1, 0],
    [0, 1],
  ])("--max-warnings %i with one warning: %i", async (max, status) => {
    const path = file(
      "warning.yaml",
      "kind: Ingress\napiVersion: networking.k8s.io/v1\nmetadata: { name: a }\nspec: {}\n",
    );
    const result = await runCli(["check", "--max-warnings", `${max}`, path]);
    expect(result.status).toBe(status);
    expect(result.stdout).toContain("1 warning in 1 file (1 Ingress)");
  });
});

describe("check", { timeout: CLI_TIMEOUT_MS }, () => {
  test("json has each finding with its place", async () => {
    const { stdout } = await runCli(["check", "--format", "json", MISTAKES]);
    const { diagnostics, summary } = JSON.parse(stdout);
    expect(summary).toEqual({ errors: 1, warnings: 3, infos: 0, files: 1, ingresses: 1 });
    expect(diagnostics).toContainEqual({
      code: "annotation-value",
      severity: "warning",
      origin: {
        object: { kind: "Ingress", namespace: "demo", name: "shop" },
        field: 'metadata.annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]',
      },
      key: "nginx.ingress.kubernetes.io/proxy-read-timeout",
      value: "300s",
      message: expect.stringContaining("cannot be used"),
      expected: expect.stringContaining("without a unit"),
      location: { file: "examples/mistakes/shop.yaml", line: 8, column: 54, endColumn: 58 },
    });
  });

  test("sarif has a result for each finding", async () => {
    const { stdout } = await runCli(["check", "--format", "sarif", MISTAKES]);
    const [run] = JSON.parse(stdout).runs;
    expect(run.results.map(({ level }: { level: string }) => level)).toEqual([
      "warning",
      "warning",
      "warning",
      "error",
    ]);
  });

  test("reads standard input", async () => {
    const result = await runShell(`cat ${MISTAKES}/shop.yaml | sluice check -`);
    expect(result.status).toBe(1);
    expect(result.stdout).toMatch(/^\(standard input\)\n\n {2}8:54 warning/);
  });

  test("is in colour if asked to be", async () => {
    const { stdout } = await runCli(["check", MISTAKES], { env: { FORCE_COLOR: "1" } });
    expect(stdout).toContain("\u001b[31merror\u001b[39m");
  });

  test("--envoy has nothing to add to what Envoy accepts", async () => {
    const result = await runCli(["check", "--envoy", "--format", "json", BEFORE]);
    expect(result.status).toBe(0);
    expect(JSON.parse(result.stdout).diagnostics).toEqual([]);
  });

  test("a setting makes a difference, as flag, as variable and in a file", async () => {
    const config = file("config.yaml", "ingressClass: nginx\n");
    const named = ["check", MISTAKES, "--format", "json"];
    const results = await Promise.all([
      runCli([...named, "--ingress-class", "nginx"]),
      runCli(named, { env: { SLUICE_INGRESS_CLASS: "nginx" } }),
      runCli([...named, "--config", config]),
    ]);
    // The Ingress is another class's then, and none of ours to judge.
    for (const { stdout } of results) expect(JSON.parse(stdout).diagnostics).toEqual([]);
  });
});

describe("translate", { timeout: CLI_TIMEOUT_MS }, () => {
  test("is the same in every process, and shows no key", async () => {
    const args = ["translate", BEFORE, "packages/controller/golden/tls/certificate/input.yaml"];
    const [one, two] = await Promise.all([runCli(args), runCli(args)]);
    expect(one.stdout).toBe(two.stdout);
    expect(one.stdout.match(/privateKey: .*/g)).toEqual([
      'privateKey: "[redacted]"',
      'privateKey: "[redacted]"',
    ]);
  });

  test("json is a list, of pairs with --origins", async () => {
    const args = ["translate", "--format", "json", "--type", "cds", "--name", "*-canary/*", BEFORE];
    const plain = JSON.parse((await runCli(args)).stdout);
    const pairs = JSON.parse((await runCli([...args, "--origins"])).stdout);
    expect(plain).toMatchObject([{ name: "demo/shop-canary/80" }]);
    expect(pairs).toEqual([{ origins: expect.any(Array), resource: plain[0] }]);
    expect(pairs[0].origins).toContainEqual({
      kind: "Ingress",
      namespace: "demo",
      name: "shop-canary",
      location: `${BEFORE}:18`,
    });
  });

  test("findings are counted on standard error", async () => {
    const { status, stderr } = await runCli(["translate", "--type", "sds", MISTAKES]);
    expect(status).toBe(0);
    expect(stderr).toBe("sluice: 1 error, 3 warnings in 1 file (1 Ingress); sluice check tells more\n");
  });

  test("ends quietly when nobody reads on", async () => {
    const { stderr } = await runShell(`(sluice translate ${BEFORE}; echo "status $?" >&2) | true`);
    expect(stderr).toBe("status 0\n");
  });
});

describe("diff", { timeout: CLI_TIMEOUT_MS }, () => {
  test("says that a side has errors, since what is in error looks as if it had been taken away", async () => {
    const { status, stdout, stderr } = await runCli(["diff", BEFORE, file("broken.yaml", "a: [\n")]);
    expect(status).toBe(1);
    expect(stdout).toContain("- host shop.example.com");
    expect(stderr).toMatch(
      /^sluice: \S+broken.yaml has 1 error in 1 file .*; what is in error is left out\n$/,
    );
  });

  test("lists resources, and where they differ", async () => {
    const { stdout } = await runCli(["diff", "--resources", BEFORE, AFTER]);
    expect(stdout).toContain("+ vhds http/admin.example.com\n");
    expect(stdout).toContain(".match.runtimeFraction.defaultValue.numerator: 100000 → 250000\n");
  });

  test("json has both levels", async () => {
    const { stdout } = await runCli(["diff", "--resources", "--format", "json", BEFORE, AFTER]);
    const { changes, resources } = JSON.parse(stdout);
    expect(changes).toHaveLength(2);
    expect(resources).toMatchObject({
      added: [{ name: "http/admin.example.com" }, {}],
      removed: [],
      changed: [{}, {}],
    });
  });
});

describe("several gateways", { timeout: CLI_TIMEOUT_MS }, () => {
  const config = (name: string, spec: string): string =>
    `apiVersion: mse.alibabacloud.com/v1alpha1\nkind: MseIngressConfig\nmetadata: { name: ${name} }\nspec: ${spec}\n---\n`;
  const web = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec:
  ingressClassName: one
  defaultBackend: { service: { name: web, port: { number: 80 } } }
  rules: [{ host: shop.test, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }]
`;
  const GREEN = config("green", "{ ingress: { local: { ingressClass: one } } }");
  const BLUE = config("blue", "{ monitoring: {} }");
  const both = (): string => file("several.yaml", BLUE + GREEN + web);
  const shared = (): string => file("managed.yaml", "managed: true\n");

  test("check judges all of them by a shared file of settings, or the one that is asked for", async () => {
    const check = async (...args: readonly string[]) => {
      const result = await runCli(["check", "--format", "json", ...args, both()]);
      const { diagnostics } = JSON.parse(result.stdout);
      return diagnostics.map((one: { code: string; location: { line: number } }) => [
        one.code,
        one.location.line,
      ]);
    };
    const about = ["config-unknown", 4];
    const service = ["service-missing", expect.any(Number)];
    expect(await check("--config", shared())).toEqual([about, service, service]);
    expect(await check("--managed", "--gateway", "green")).toEqual([service, service]);
    expect(await check("--managed", "--gateway", "blue")).toEqual([about]);
    // A MseIngressConfig is judged where no gateway stands for it, too.
    expect(await check()).toEqual([about]);
  });

  test("none of them is an error of what was given", async () => {
    const { status, stdout } = await runCli(["check", "--managed", BEFORE]);
    expect([status, stdout]).toEqual([1, expect.stringContaining("[config-missing]")]);
  });

  test("translate says whose each resource is", async () => {
    const args = ["translate", "--managed", "--type", "vhds,lds", "--format", "json"];
    const names = async (...more: readonly string[]) => {
      const { stdout } = await runCli([...args, ...more, both()]);
      return JSON.parse(stdout).map(
        ({ gateway, resource }: { gateway: string; resource: { name: string } }) =>
          `${gateway} ${resource.name}`,
      );
    };
    const green = ["green http", "green https", "green http/shop.test"];
    expect(await names("--gateway", "green")).toEqual(expect.arrayContaining(green));
    expect(await names()).toEqual(expect.arrayContaining(["blue http", "blue https", ...green]));
    const yaml = await runCli(["translate", "--managed", "--type", "lds", both()]);
    expect(yaml.stdout).toContain("---\n# gateway blue\n");
  });

  test("diff has a part for each that differs", async () => {
    const after = file("one-more.yaml", BLUE + GREEN + config("red", "{}") + web);
    const text = await runCli(["diff", "--managed", both(), after]);
    expect(text).toMatchObject({ status: 1, stdout: expect.stringMatching(/^Gateway red \(new\)\n/) });
    const json = await runCli(["diff", "--managed", "--format", "json", both(), after]);
    const gateways = JSON.parse(json.stdout).gateways;
    expect(
      gateways.map((one: { gateway: string; changes: object[] }) => [one.gateway, one.changes.length]),
    ).toEqual([
      ["blue", 0],
      ["green", 0],
      ["red", 1],
    ]);
    const blue = await runCli(["diff", "--managed", "--gateway", "blue", both(), after]);
    expect(blue).toMatchObject({ status: 0, stdout: "No gateway differs.\n" });
  });

  test.each([
    [[], "There are several gateways: blue, green."],
    [["--gateway", "red"], "There is no gateway red; there are: blue, green."],
  ])("explain %j says which there are", async (args, sentence) => {
    const result = await runCli(["explain", "--managed", ...args, both(), "GET", "http://shop.test/"]);
    expect([result.status, result.stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });

  test("explain answers for the one that is asked for", async () => {
    const [blue, green] = await Promise.all(
      ["blue", "green"].map((name) =>
        runCli(["explain", "--managed", "--gateway", name, both(), "GET", "http://shop.test/"]),
      ),
    );
    expect(green?.stdout).toContain("forward to shop/web/80");
    expect(blue?.stdout).not.toContain("forward to");
  });

  test("explain --server asks for one, and says which there are", async () => {
    await using bench = await debugBench(features, [
      { name: "blue", listens: { ingressClass: "one" }, settings: DEFAULT_GATEWAY_SETTINGS },
      { name: "green", listens: { ingressClass: "mse" }, settings: DEFAULT_GATEWAY_SETTINGS },
    ]);
    bench.apply(shop("shop.test"));
    bench.sync();
    const ask = (...args: readonly string[]) =>
      runCli(["explain", "--server", bench.url, ...args, "GET", "http://shop.test/"]);
    expect((await ask("--gateway", "green")).stdout).toContain("forward to shop/cart/80");
    expect((await ask()).stderr).toContain("There are several gateways: blue, green.");
    expect((await ask("--gateway", "red")).stderr).toContain("no gateway red; there are: blue, green.");
  });
});

describe("explain", { timeout: CLI_TIMEOUT_MS }, () => {
  test("asks a gateway, and prints its answer as if it came from files", async () => {
    const args = ["GET", "http://shop.example.com/cart"];
    const local = await runCli(["explain", "--format", "json", BEFORE, ...args]);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end(local.stdout);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    // A TCP server has an address object while it listens.
    const { port } = server.address() as AddressInfo;
    const headers = ["-H", "x-a: 1", "-H", "x-b:2"];
    const text = await runCli([
      "explain",
      "--server",
      `127.0.0.1:${port}`,
      ...headers,
      "--sni",
      "s",
      ...args,
    ]);
    server.close();
    expect(text).toEqual(await runCli(["explain", BEFORE, ...args]));
    expect(asked).toEqual([
      "/debug/explain?method=GET&url=http%3A%2F%2Fshop.example.com%2Fcart&header=x-a%3A+1&header=x-b%3A+2&sni=s",
    ]);
  });

  test.each([
    ["something else", (url: string) => url, "does not answer as a Sluice gateway does"],
    ["nobody", () => "http://127.0.0.1:1", "cannot be asked"],
  ])("says so if %s answers", async (_, server, sentence) => {
    const other = createServer((_request, response) => response.end("hello")).listen(0, "127.0.0.1");
    await once(other, "listening");
    // As above.
    const { port } = other.address() as AddressInfo;
    const result = await runCli([
      "explain",
      "--server",
      server(`http://127.0.0.1:${port}`),
      "GET",
      "http://a/",
    ]);
    other.close();
    expect(result.status).toBe(2);
    expect(result.stderr).toContain(sentence);
  });
});

test(
  "a bootstrap with probes goes to a file that only its owner may read",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bootstrap-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "envoy.yaml");
    const args = ["bootstrap", "--xds-address", "unix:/x.sock", "--probe-port", "15021", "--output"];
    expect(await runCli([...args, file])).toMatchObject({ status: 0, stdout: "" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [listener] = parse(readFileSync(file, "utf8")).static_resources.listeners;
    expect(listener.address.socket_address.port_value).toBe(15021);
    const { status, stderr } = await runCli([...args, join(folder, "missing", "envoy.yaml")]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/cannot be written to .*missing/)]);
  },
  CLI_TIMEOUT_MS,
);
