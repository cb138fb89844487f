import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { CLI_TIMEOUT_MS, runCli } from "../testing/run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-migrate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ingress = (annotations: string, name = "web"): string => `# a comment
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  namespace: shop
  name: ${name}
${annotations}spec:
  ingressClassName: nginx
  rules:
    - host: ${name}.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: ${name}, port: { number: 80 } } }
`;
const noted = (...lines: readonly string[]): string =>
  `  annotations:\n${lines.map((line) => `    nginx.ingress.kubernetes.io/${line}\n`).join("")}`;

const TRIES = ingress(noted('proxy-next-upstream-tries: "3" # few'));

describe("sluice migrate", { timeout: CLI_TIMEOUT_MS }, () => {
  test.each([
    ["nothing differs", ingress(""), 0, "1 ready"],
    ["something differs", TRIES, 1, "1 to look at"],
    ["something is refused", ingress(noted("server-snippet: deny all;")), 3, "Lost: deny"],
  ])("exits by what it finds: %s", async (_, stdin, status, says) => {
    const result = await runCli(["migrate", "-"], { stdin });
    expect(result).toMatchObject({ status, stderr: "" });
    expect(result.stdout).toContain(says);
  });

  test.each([
    ["no folder and no cluster", ["migrate"], "There is nothing to take Ingresses from."],
    ["a folder that is not there", ["migrate", "/no/such"], "There is no file or folder /no/such."],
    [
      "a ConfigMap that is not there",
      ["migrate", "--controller-config", "a/b", "examples/migration"],
      "There is no ConfigMap a/b",
    ],
    ["--fix of standard input", ["migrate", "--fix", "-"], "--fix changes files"],
    [
      "--output with --in-place",
      ["migrate", "--fix", "--in-place", "--output", "x", "examples/migration"],
      "exclude each other",
    ],
    ["a gateway that is not known", ["migrate", "--from", "traefik", "examples/migration"], "--from"],
  ])("is told in one sentence: %s", async (_, args, says) => {
    const { status, stdout, stderr } = await runCli(args, { stdin: "" });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(says);
  });

  test("a file or an Ingress that is left out is no clean result", async () => {
    const from = join(folder, "left-out");
    mkdirSync(from);
    writeFileSync(join(from, "a.yaml"), ingress(""));
    writeFileSync(join(from, "broken.yaml"), "{{- if .Values.x }}\nkind: Ingress\n{{- end }}\n");
    writeFileSync(join(from, "copy.yaml"), ingress(noted("server-snippet: deny all;")));
    writeFileSync(join(from, "latin.yaml"), Buffer.from([0x23, 0xe9, 0x0a]));
    const { status, stdout, stderr } = await runCli(["migrate", from]);
    expect(status).toBe(2);
    const told = stdout.split("\n").filter((line) => line.startsWith("Not judged:"));
    expect(told).toHaveLength(3);
    for (const name of ["broken.yaml", "copy.yaml", "latin.yaml"]) {
      expect(told.filter((line) => line.includes(join(from, `${name}:`)))).toHaveLength(1);
      expect(stderr).toContain(join(from, `${name}:`));
    }
  });

  test("--fix writes what changes, elsewhere or in place, once", async () => {
    const [from, to] = [join(folder, "from"), join(folder, "to")];
    mkdirSync(join(from, "sub"), { recursive: true });
    const file = join(from, "sub", "tries.yaml");
    writeFileSync(file, TRIES);
    writeFileSync(join(from, "ready.yaml"), ingress("", "ready"));
    const shown = await runCli(["migrate", "--fix", from]);
    expect(shown.stdout).toContain(
      '@@ after line 8 @@\n+ mse.ingress.kubernetes.io/proxy-next-upstream-tries: "2"\n',
    );
    expect(shown.stdout).toContain("nothing is written");
    expect(readFileSync(file, "utf8")).toBe(TRIES);

    const wanted = TRIES.replace(
      "# few\n",
      '# few\n    mse.ingress.kubernetes.io/proxy-next-upstream-tries: "2"\n',
    );
    expect((await runCli(["migrate", "--fix", "--output", to, from])).stdout).toContain("1 file changed");
    expect(readdirSync(to, { recursive: true })).toEqual(["sub", join("sub", "tries.yaml")]);
    expect(readFileSync(join(to, "sub", "tries.yaml"), "utf8")).toBe(wanted);
    expect(readFileSync(file, "utf8")).toBe(TRIES);

    await runCli(["migrate", "--fix", "--in-place", from]);
    expect(readFileSync(file, "utf8")).toBe(wanted);
    expect(await runCli(["migrate", "--fix", "--in-place", from])).toMatchObject({
      status: 1,
      stdout: "0 files changed\n",
    });
    expect(readFileSync(file, "utf8")).toBe(wanted);
  });

  test("--fix --output follows no link out of its folder, nor one back to the file itself", async () => {
    const [from, to, other] = ["link-from", "link-to", "link-other"].map((name) => join(folder, name));
    for (const each of [from, to, other]) mkdirSync(each ?? "");
    const file = join(from ?? "", "a.yaml");
    const victim = join(other ?? "", "a.yaml");
    writeFileSync(file, TRIES);
    writeFileSync(victim, "kept");
    symlinkSync(victim, join(to ?? "", "a.yaml"));
    const written = await runCli(["migrate", "--fix", "--output", to ?? "", from ?? ""]);
    expect([written.status, readFileSync(victim, "utf8")]).toEqual([2, "kept"]);
    expect(written.stderr).toContain("is a link");

    const alias = join(folder, "link-alias");
    symlinkSync(from ?? "", alias);
    const same = await runCli(["migrate", "--fix", "--output", alias, from ?? ""]);
    expect([same.status, readFileSync(file, "utf8")]).toEqual([2, TRIES]);
    expect(same.stderr).toContain("is the file itself");
  });

  test("reads a cluster page by page, without a Secret, and tells what it may not", async () => {
    const asked: string[] = [];
    const item = (name: string, annotations: object) => ({
      metadata: { namespace: "shop", name, annotations },
      spec: { ingressClassName: "nginx", rules: [{ host: `${name}.example.com` }] },
    });
    const pages: Readonly<Record<string, unknown>> = {
      "/apis/networking.k8s.io/v1/namespaces/shop/ingresses?limit=500": {
        metadata: { continue: "more" },
        items: [item("one", { "nginx.ingress.kubernetes.io/proxy-next-upstream-tries": "3" })],
      },
      "/apis/networking.k8s.io/v1/namespaces/shop/ingresses?limit=500&continue=more": {
        items: [item("two", { "nginx.ingress.kubernetes.io/custom-headers": "headers" })],
      },
      "/api/v1/configmaps?labelSelector=app.kubernetes.io%2Fname%3Dingress-nginx&limit=500": {
        items: [
          {
            metadata: { namespace: "edge", name: "ingress-nginx-controller" },
            data: { "global-allowed-response-headers": "x-a" },
          },
        ],
      },
      "/api/v1/namespaces/shop/configmaps/headers": {
        metadata: { namespace: "shop", name: "headers" },
        data: { "x-a": "b" },
      },
    };
    const server = createServer(({ url = "", method }, response) => {
      asked.push(`${method} ${url}`);
      const page = pages[url];
      response.writeHead(page === undefined ? 403 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(page ?? { message: "not allowed" }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const kubeconfig = join(folder, "kubeconfig");
    const contexts = [{ name: "prod", context: { cluster: "c", user: "u" } }];
    const clusters = [
      { name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
    ];
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters,
        contexts,
        users: [{ name: "u", user: {} }],
      }),
    );
    const cluster = ["--kubeconfig", kubeconfig, "--kube-context", "prod"];
    try {
      const { status, stdout, stderr } = await runCli([
        "migrate",
        "-n",
        "shop",
        "--format",
        "json",
        ...cluster,
      ]);
      expect([status, stderr]).toEqual([1, ""]);
      const report = JSON.parse(stdout);
      expect(report.ingresses.map((each: { ingress: string }) => each.ingress)).toEqual([
        "shop/one",
        "shop/two",
      ]);
      expect(report.controller.configMap).toBe("edge/ingress-nginx-controller");
      expect(report.ingresses[1].keys[0].outcome).toBe("same");
      expect(asked.every((line) => line.startsWith("GET ") && !line.includes("secret"))).toBe(true);

      const refused = await runCli(["migrate", ...cluster]);
      expect([refused.status, refused.stdout]).toEqual([2, ""]);
      expect(refused.stderr).toContain("The API server cannot be read: not allowed (403)");
      expect(refused.stderr).toContain("the rights to list ingresses");
    } finally {
      server.close();
    }
  });
});
