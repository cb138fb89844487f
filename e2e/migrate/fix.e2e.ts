import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { ingress, yamlOf } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const CLI = join(import.meta.dirname, "../../packages/controller/src/cli.ts");

const nginx = (annotations: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
  );

/** As they were written for ingress-nginx; each has a host and a Service of its own, or shares what the name says. */
const WRITTEN = [
  ["three-tries", { "proxy-next-upstream-tries": "3" }, "Prefix", "/"],
  ["one-try", { "proxy-next-upstream-tries": "1" }, "Prefix", "/"],
  ["rewrite", { "rewrite-target": "/new" }, "Prefix", "/app"],
  ["no-tls", { "ssl-redirect": "true" }, "Prefix", "/"],
  ["snippet", { "configuration-snippet": 'more_set_headers "X-Frame-Options: DENY";' }, "Prefix", "/"],
  ["cors", { "enable-cors": "true", "cors-allow-credentials": "true" }, "Prefix", "/"],
  ["sticky", { affinity: "cookie" }, "Prefix", "/shop"],
  ["maker", { "rewrite-target": "/$1" }, "ImplementationSpecific", "/x/(.*)"],
  ["plain", {}, "Exact", "/health"],
] as const;

const hostOf = (name: string): string => (name === "plain" ? "maker.example.com" : `${name}.example.com`);

/** Runs `sluice migrate --fix` on a folder; the objects of the file that it writes. */
async function fixed(objects: readonly object[]): Promise<object[]> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-fix-"));
  try {
    const [file, out] = [join(folder, "all.yaml"), join(folder, "out")];
    writeFileSync(file, yamlOf(...objects));
    const args = [CLI, "migrate", "--fix", "--output", out, file];
    await new Promise<void>((resolve, reject) =>
      // Differences, which there are, end with 1, and what is refused with 3.
      execFile(process.execPath, args, (error) =>
        error !== null && error.code !== 1 && error.code !== 3 ? reject(error) : resolve(),
      ),
    );
    return parseAllDocuments(readFileSync(join(out, "all.yaml"), "utf8")).map((document) => document.toJS());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const names = WRITTEN.map(([name]) => name);

const shared = useGateway({
  backends: names,
  settings: { ingressClass: "nginx" },
  objects: () =>
    fixed(
      WRITTEN.map(([name, annotations, pathType, path]) =>
        ingress({
          name,
          host: hostOf(name),
          ingressClass: "nginx",
          annotations: nginx(annotations),
          paths: [{ path, pathType, service: name }],
        }),
      ),
    ),
});

const send = (name: string, path = "/", headers: Readonly<Record<string, string>> = {}) =>
  shared.send({ host: hostOf(name), path, headers });

describe("what --fix has written behaves as on ingress-nginx", () => {
  it.each([
    ["three-tries", 3],
    ["one-try", 1],
  ])("%s makes %d tries in all", async (name, wanted) => {
    const before = shared.get(name).counts().requests;
    await send(name, "/", { "x-echo-reset": "before" });
    expect(shared.get(name).counts().requests - before).toBe(wanted);
  });

  it.each([
    ["/app", 200],
    ["/appmore", 200],
    ["/APP/x", 200],
    ["/other", 404],
  ])("a rewrite makes a pattern of its path: %s", async (path, status) => {
    const response = await send("rewrite", path);
    expect(response.status).toBe(status);
    if (status === 200) expect(response.seen().path).toBe("/new");
  });

  it("and of the paths of other Ingresses of the host", async () => {
    for (const path of ["/health", "/health/more", "/HEALTH"])
      expect([path, await shared.who({ host: hostOf("plain"), path })]).toEqual([path, "plain"]);
    expect((await send("plain", "/nothing")).status).toBe(404);
  });

  it("nothing is redirected where nobody has TLS", async () => {
    expect((await send("no-tls")).status).toBe(200);
  });

  it("headers of a snippet are set", async () => {
    expect((await send("snippet")).headers["x-frame-options"]).toBe("DENY");
  });

  it("with origin * nobody reads with a user's cookies", async () => {
    const { status, headers } = await send("cors", "/", { origin: "https://evil.example.com" });
    expect(status).toBe(200);
    expect(headers["access-control-allow-origin"]).toBeDefined();
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
  });

  it("a session cookie has the path of its rule", async () => {
    const cookie = `${(await send("sticky", "/shop/cart")).headers["set-cookie"]}`;
    expect(cookie).toMatch(/;\s*Path=\/shop(?:;|$)/i);
  });
});
