import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, describeError, isRefusal } from "./api-error.ts";
import { backoffMs } from "./backoff.ts";
import { loadKubeConfig } from "./kube-config.ts";
import { createLimiter } from "./limiter.ts";

describe("backoffMs", () => {
  const limits = { firstMs: 100, maxMs: 1_000 };
  it("doubles up to the maximum, and takes half to all of it by chance", () => {
    const waits = [0, 1, 2, 3, 4, 1_000].map((failures) => backoffMs(failures, limits, () => 1));
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(backoffMs(1, limits, () => 0)).toBe(100);
  });
});

describe("createLimiter", () => {
  it("runs so many at a time, in their order, and goes on after failures", async () => {
    const limiter = createLimiter(2);
    const order: number[] = [];
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const runs = gates.map(({ promise }, at) =>
      limiter(async () => {
        order.push(at);
        await promise;
      }),
    );
    await Promise.resolve();
    expect(order).toEqual([0, 1]);
    gates[1]?.reject(new Error("failed"));
    await expect(runs[1]).rejects.toThrow("failed");
    gates[0]?.resolve();
    await runs[0];
    for (const gate of gates) gate.resolve();
    await Promise.all([runs[2], runs[3]]);
    expect(order).toEqual([0, 1, 2, 3]);
  });
});

describe("errors", () => {
  it("are refusals if asking again is of no use", () => {
    const refusals = [400, 403, 404, 422].map((status) => isRefusal(new ApiError(status, "")));
    const passing = [401, 408, 410, 429, 500, 503].map((status) => isRefusal(new ApiError(status, "")));
    expect([refusals, passing]).toEqual([[true, true, true, true], Array(6).fill(false)]);
    expect(isRefusal(new Error("connect"))).toBe(false);
  });
  it("are described with the code of the network", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
    expect(describeError(cause)).toBe("connect ECONNREFUSED 127.0.0.1:1");
    expect(describeError(new Error("fetch failed", { cause }))).toBe("fetch failed (ECONNREFUSED)");
  });
});

describe("loadKubeConfig", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-kubeconfig-"));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  const config = `
current-context: first
clusters: [{ name: c, cluster: { server: "https://c.example:6443" } }]
users: [{ name: u, user: { token: t } }]
contexts:
  - { name: first, context: { cluster: c, user: u } }
  - { name: second, context: { cluster: c, user: u } }
  - { name: broken, context: { cluster: none, user: u } }
`;

  it("takes KUBECONFIG and the context that is asked for, and says what is wrong with either", () => {
    const path = join(folder, "config");
    writeFileSync(path, config);
    vi.stubEnv("KUBECONFIG", path);
    expect(loadKubeConfig().getCurrentContext()).toBe("first");
    expect(loadKubeConfig({ context: "second" }).getCurrentContext()).toBe("second");
    expect(() => loadKubeConfig({ context: "third" })).toThrow(
      "has no context third; it has first, second, broken.",
    );
    expect(() => loadKubeConfig({ context: "broken" })).toThrow(
      "The context broken of the kubeconfig has no cluster.",
    );
    vi.stubEnv("KUBECONFIG", join(folder, "absent"));
    expect(loadKubeConfig({ file: path }).getCurrentContext()).toBe("first");
    expect(() => loadKubeConfig()).toThrow("The kubeconfig cannot be read: ENOENT");
    vi.stubEnv("KUBECONFIG", "");
    vi.stubEnv("HOME", folder);
    expect(() => loadKubeConfig()).toThrow("There is no kubeconfig");
  });

  it.each([
    ["null", "it holds no kubeconfig"],
    ["{}", "has no current context"],
    [kubeconfigTo("example:6443"), 'The server "example:6443" of the kubeconfig is no URL'],
    [kubeconfigTo("ftp://example"), "is no URL with https"],
  ])("says what is wrong with %s", (text, words) => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-kubeconfig-"));
    const file = join(folder, "config");
    writeFileSync(file, text);
    expect(() => loadKubeConfig({ file })).toThrow(words);
    rmSync(folder, { recursive: true });
  });
});

function kubeconfigTo(server: string): string {
  return JSON.stringify({
    "current-context": "a",
    clusters: [{ name: "a", cluster: { server } }],
    users: [{ name: "a", user: { token: "t" } }],
    contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
  });
}
