import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import type { EchoAnswer } from "@sluice/echo-backend";
import { describe, expect, test } from "vitest";
import { echoDeployment } from "./manifests.ts";
import type { EndpointSlice, KubeObject } from "./src/objects.ts";
import { until } from "./src/reflect.ts";
import { useCluster } from "./use-cluster.ts";

/** Services as clients have them: addresses, names, load balancers; and the product's images behind them. */

const shared = useCluster();

interface ServiceObject extends KubeObject {
  readonly spec: { readonly clusterIP: string };
  readonly status: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip: string }[] } };
}

function object(apiVersion: string, kind: string, name: string, rest: object): KubeObject {
  return { apiVersion, kind, metadata: { name }, ...rest };
}

async function serviceThat(name: string, holds: (found: ServiceObject) => boolean): Promise<ServiceObject> {
  const path = `/api/v1/namespaces/default/services?fieldSelector=metadata.name=${name}`;
  const [found] = await until<ServiceObject>(
    shared.cluster.api,
    path,
    ([each]) => each !== undefined && holds(each),
  );
  if (found === undefined) throw new Error("no service");
  return found;
}

async function readyAddresses(service: string, count: number): Promise<string[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=${service}`;
  const ready = (slices: readonly EndpointSlice[]): string[] =>
    slices
      .flatMap(({ endpoints }) => endpoints ?? [])
      .filter(({ conditions }) => conditions.ready === true)
      .flatMap(({ addresses }) => addresses);
  return ready(await until<EndpointSlice>(shared.cluster.api, path, (all) => ready(all).length === count));
}

interface Ask {
  readonly agent?: Agent;
  readonly localAddress?: string;
}

function ask(host: string, port: number, { agent, localAddress }: Ask = {}): Promise<EchoAnswer> {
  const options = { host, port, agent: agent ?? false, ...(localAddress && { localAddress }) };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let text = "";
      response.on("data", (data) => {
        text += data;
      });
      // The echo backend says so.
      response.on("end", () => resolve(JSON.parse(text) as EchoAnswer));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** The proxy hears of endpoints by a watch of its own, as every node of a real cluster does. */
const soon = <T>(what: () => Promise<T>) => expect.poll(() => what().catch(String), { timeout: 20_000 });

/** Runs a script in a Pod with a network of its own, to its end, and returns what it says. */
async function run(name: string, container: object): Promise<string> {
  const containers = [{ name: "main", image: "sluice/shell", ...container }];
  const spec = { restartPolicy: "Never", containers };
  await shared.cluster.api.apply(object("v1", "Pod", name, { spec }));
  const path = `/api/v1/namespaces/default/pods?fieldSelector=metadata.name=${name}`;
  type Phased = KubeObject & { readonly status?: { readonly phase?: string } };
  await until<Phased>(shared.cluster.api, path, ([pod]) => /Succeeded|Failed/.test(pod?.status?.phase ?? ""));
  return readFileSync(join(shared.cluster.folder, "logs", "pods", `default_${name}_main.log`), "utf8");
}

const script = (text: string) => ({ command: ["/bin/bash", "-c", text] });

describe("a Service", () => {
  test("is reached at its address from the node, and by its names from a Pod, and spreads over its endpoints", async () => {
    await shared.cluster.api.apply(...echoDeployment("web", { replicas: 2 }));
    const { spec } = await serviceThat("web", () => true);
    await readyAddresses("web", 2);
    await soon(async () => (await ask(spec.clusterIP, 80)).backend).toMatch(/^web-/);
    const names = new Set<string>();
    for (let n = 0; n < 4; n++) names.add((await ask(spec.clusterIP, 80)).backend);
    expect(names.size).toBe(2);
    const hosts = ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local", spec.clusterIP];
    const said = await run(
      "caller",
      script(`for host in ${hosts.join(" ")}; do curl -sS -m 5 http://$host/ | head -c 20; echo; done
        getent hosts none.default.svc || echo no such name`),
    );
    const lines = said.trim().split("\n");
    expect(lines.slice(0, -1).filter((line) => line.startsWith("{"))).toHaveLength(hosts.length);
    expect(lines.at(-1)).toBe("no such name");
  });

  test("without a cluster IP has the addresses of its endpoints", async () => {
    const spec = { clusterIP: "None", selector: { app: "web" }, ports: [{ port: 8080 }] };
    await shared.cluster.api.apply(object("v1", "Service", "headless", { spec }));
    const addresses = await readyAddresses("headless", 2);
    const said = await run(
      "resolver",
      script("getent ahostsv4 headless.default.svc | cut -d' ' -f1 | sort -u"),
    );
    expect(said.trim().split("\n")).toEqual([...addresses].sort());
  });

  test("keeps a connection while other endpoints come and go, and refuses when there is none", async () => {
    const { spec } = await serviceThat("web", () => true);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await ask(spec.clusterIP, 80, { agent });
    const all = await readyAddresses("web", 2);
    expect(all).toHaveLength(2);
    const others = await until<KubeObject>(
      shared.cluster.api,
      "/api/v1/namespaces/default/pods?labelSelector=app=web",
      (pods) => pods.length === 2,
    );
    const other = others.find(({ metadata }) => metadata.name !== first.backend);
    await shared.cluster.kubectl(["delete", "pod", other?.metadata.name ?? ""]);
    await readyAddresses("web", 2);
    const again = await ask(spec.clusterIP, 80, { agent });
    expect([again.backend, again.connectionId]).toEqual([first.backend, first.connectionId]);
    agent.destroy();
    await shared.cluster.kubectl(["scale", "deployment/web", "--replicas=0"]);
    await readyAddresses("web", 0);
    await soon(() => ask(spec.clusterIP, 80)).toContain("ECONNREFUSED");
  });
});

test("the API server is reached as clients in a cluster do it, with the Pod's own token", async () => {
  const text = `cd /var/run/secrets/kubernetes.io/serviceaccount
    for host in $KUBERNETES_SERVICE_HOST kubernetes.default.svc; do
      curl -sS -m 5 --cacert ca.crt -H "Authorization: Bearer $(cat token)" \\
        https://$host:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/default/secrets; done`;
  const said = await run("client", script(text));
  expect(said.match(/User \\"system:serviceaccount:default:default\\" cannot list/g)).toHaveLength(2);
});

describe("Envoys that listen on 0.0.0.0", () => {
  const bootstrap = {
    admin: { address: { socket_address: { address: "127.0.0.1", port_value: 15000 } } },
    static_resources: {
      listeners: [
        {
          name: "http",
          address: { socket_address: { address: "0.0.0.0", port_value: 8080 } },
          filter_chains: [
            {
              filters: [
                {
                  name: "hcm",
                  typed_config: {
                    "@type":
                      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                    stat_prefix: "http",
                    route_config: {
                      virtual_hosts: [
                        {
                          name: "all",
                          domains: ["*"],
                          routes: [{ match: { prefix: "/" }, route: { cluster: "web" } }],
                        },
                      ],
                    },
                    http_filters: [
                      {
                        name: "router",
                        typed_config: {
                          "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                        },
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: "web",
          type: "STRICT_DNS",
          load_assignment: {
            cluster_name: "web",
            endpoints: [
              {
                lb_endpoints: [
                  {
                    endpoint: {
                      address: {
                        socket_address: { address: "behind.default.svc.cluster.local", port_value: 80 },
                      },
                    },
                  },
                ],
              },
            ],
          },
        },
      ],
    },
  };

  test("serve behind a load balancer that keeps the client's address, and are rolled without a loss", async () => {
    const { api, kubectl } = shared.cluster;
    const labels = { app: "edge" };
    const container = {
      name: "envoy",
      image: "docker.io/envoyproxy/envoy:distroless-v1.40.0",
      args: ["-c", "/etc/envoy/envoy.json", "--use-dynamic-base-id"],
      ports: [{ containerPort: 8080 }],
      securityContext: { readOnlyRootFilesystem: true },
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      lifecycle: { preStop: { exec: { command: ["/bin/bash", "-c", "sleep 3"] } } },
      volumeMounts: [{ name: "bootstrap", mountPath: "/etc/envoy" }],
    };
    const volumes = [{ name: "bootstrap", configMap: { name: "bootstrap" } }];
    await api.apply(
      object("v1", "ConfigMap", "bootstrap", { data: { "envoy.json": JSON.stringify(bootstrap) } }),
      ...echoDeployment("behind", { replicas: 1 }),
      object("apps/v1", "Deployment", "edge", {
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            metadata: { labels },
            spec: { containers: [container], volumes, terminationGracePeriodSeconds: 10 },
          },
        },
      }),
      object("v1", "Service", "edge", {
        spec: {
          type: "LoadBalancer",
          externalTrafficPolicy: "Local",
          selector: labels,
          ports: [{ port: 80, targetPort: 8080 }],
        },
      }),
    );
    const { status } = await serviceThat("edge", (each) => each.status.loadBalancer?.ingress !== undefined);
    const address = status.loadBalancer?.ingress?.[0]?.ip ?? "";
    expect(address).toMatch(/^10\.244\.250\.\d+$/);
    await readyAddresses("behind", 1);
    await readyAddresses("edge", 2);
    await soon(async () => (await ask(address, 80)).backend).toMatch(/^behind-/);
    const [pod] = await readyAddresses("edge", 2);
    expect((await ask(pod ?? "", 8080)).backend).toMatch(/^behind-/);
    let rolling = true;
    const rolled = kubectl(["rollout", "restart", "deployment/edge"])
      .then(() => kubectl(["rollout", "status", "deployment/edge"]))
      .finally(() => {
        rolling = false;
      });
    const failures: string[] = [];
    for (let n = 0; rolling; n++) {
      await ask(address, 80, { localAddress: `10.244.77.${(n % 200) + 1}` }).catch((error) =>
        failures.push(String(error)),
      );
    }
    expect(await rolled).toContain("successfully rolled out");
    expect(failures).toEqual([]);
  });

  test("and the checkout's own command line are images", async () => {
    expect(await run("version", { image: "envoyproxy/envoy:v1.40.0", args: ["--version"] })).toContain(
      "1.40.0",
    );
    expect(await run("cli", { image: "example.com/sluice/controller:v1", args: ["--help"] })).toContain(
      "Usage: sluice",
    );
  });
});

test("a load balancer with externalTrafficPolicy Local shows a backend the client's own address", async () => {
  const spec = {
    type: "LoadBalancer",
    externalTrafficPolicy: "Local",
    selector: { app: "seen" },
    ports: [{ name: "http", port: 80, targetPort: "http" }],
  };
  const [deployment] = echoDeployment("seen", { replicas: 1 });
  if (deployment === undefined) throw new Error("no deployment");
  await shared.cluster.api.apply(deployment, object("v1", "Service", "seen", { spec }));
  const { status } = await serviceThat("seen", (each) => each.status.loadBalancer?.ingress !== undefined);
  const address = status.loadBalancer?.ingress?.[0]?.ip ?? "";
  const from = { localAddress: "10.244.9.9" };
  await soon(async () => (await ask(address, 80, from)).remoteAddress).toBe("10.244.9.9");
});
