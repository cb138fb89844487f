import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { useCluster } from "../cluster/use-cluster.ts";
import { gatewayRole } from "../kubernetes/objects.ts";
import { freePort } from "../support/free-port.ts";

const shared = useCluster({ controllerManager: false });

/** A replica of the control plane, as a process of its own. */
async function replica(kubeconfig: string) {
  const debug = `127.0.0.1:${await freePort()}`;
  const cli = join(import.meta.dirname, "../../packages/controller/src/cli.ts");
  const flags = ["--kube", "--leader-election", "true", "--namespace", "default", "--debug-address", debug];
  const sluice = execa("node", [cli, "serve", ...flags], { env: { KUBECONFIG: kubeconfig }, reject: false });
  onTestFinished(() => void sluice.kill("SIGKILL"));
  const page = async (path: string): Promise<string> => (await fetch(`http://${debug}${path}`)).text();
  return {
    leads: (is: boolean) =>
      expect
        .poll(() => page("/metrics").catch(String), { timeout: 60_000, interval: 200 })
        .toContain(`sluice_leader ${is ? 1 : 0}`),
    page,
    async end(signal: "SIGTERM" | "SIGKILL") {
      sluice.kill(signal);
      await sluice;
    },
  };
}

test("one replica leads; another takes over from one that stops, or is killed, and nobody leads without the API server", async () => {
  const { cluster } = shared;
  await cluster.api.apply(...gatewayRole("sluice"));
  const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace: "default" });
  const a = await replica(kubeconfig);
  await a.leads(true);
  const b = await replica(kubeconfig);
  await b.leads(false);
  expect(await a.page("/readyz?verbose")).toContain("[+] leader: ok, this replica\n");
  expect(await b.page("/readyz?verbose")).toMatch(/\[\+\] leader: ok, it is \S+_[0-9a-f-]{36}\n/);

  await a.end("SIGTERM");
  await b.leads(true);
  const c = await replica(kubeconfig);
  await c.leads(false);

  await b.end("SIGKILL");
  await c.leads(true);

  await cluster.apiServer.kill();
  await c.leads(false);
  await cluster.apiServer.start();
  await c.leads(true);
  await c.end("SIGTERM");
  const lease = await cluster.api.get<{ spec: { holderIdentity?: string } }>(
    "/apis/coordination.k8s.io/v1/namespaces/default/leases/sluice-leader",
  );
  expect(lease.spec.holderIdentity ?? "").toBe("");
});
