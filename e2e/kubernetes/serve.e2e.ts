import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { useCluster } from "../cluster/use-cluster.ts";
import { freePort } from "../support/free-port.ts";
import { gatewayRole } from "./objects.ts";

const shared = useCluster({ controllerManager: false });

test("sluice serve --kube says at its readiness page, in a metric and in its log that the API server is away", async () => {
  const { cluster } = shared;
  await cluster.api.apply(...gatewayRole("sluice"));
  const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace: "default" });
  const debug = `127.0.0.1:${await freePort()}`;
  const flags = ["--kube", "--watch-namespace", "default", "--debug-address", debug];
  const cli = join(import.meta.dirname, "../../packages/controller/src/cli.ts");
  const sluice = execa("node", [cli, "serve", ...flags], {
    env: { KUBECONFIG: kubeconfig },
    reject: false,
    all: true,
  });
  onTestFinished(() => void sluice.kill("SIGKILL"));
  const page = async (path: string): Promise<string> => (await fetch(`http://${debug}${path}`)).text();
  const poll = (path: string) => expect.poll(() => page(path).catch(String), { timeout: 30_000 });
  await poll("/readyz?verbose").toContain("[+] kubernetes: ok\n");
  await poll("/readyz?verbose").toMatch(/\nready\n$/);
  await poll("/metrics").toContain("sluice_kubernetes_connected 1");
  await cluster.apiServer.kill();
  await poll("/readyz?verbose").toMatch(
    /\[\+\] kubernetes: ok, but the API server does not answer since 20.*: .*\n[\s\S]*\nready\n$/,
  );
  expect(await page("/metrics")).toContain("sluice_kubernetes_connected 0");
  await cluster.apiServer.start();
  await poll("/readyz?verbose").toContain("[+] kubernetes: ok\n");
  sluice.kill("SIGTERM");
  const { all, exitCode } = await sluice;
  expect(exitCode).toBe(0);
  const messages = all.split("\n").flatMap((line) => /"msg":"(the API server [^"]*)"/.exec(line)?.[1] ?? []);
  expect(messages).toEqual([
    "the API server cannot be reached; the gateway goes on with what it knows",
    "the API server is back; nothing was missed",
  ]);
});
