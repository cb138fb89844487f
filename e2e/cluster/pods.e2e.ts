import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EchoAnswer } from "@sluice/echo-backend";
import { describe, expect, test } from "vitest";
import { ECHO_PORT } from "./manifests.ts";
import type { KubeObject } from "./src/objects.ts";
import { until } from "./src/reflect.ts";
import { useCluster } from "./use-cluster.ts";

/** Pods with network, volumes and a root of their own. */

const shared = useCluster();
const PATIENCE = { timeout: 30_000 };

interface PodObject extends KubeObject {
  readonly spec: object;
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

function object(apiVersion: string, kind: string, name: string, rest: object): KubeObject {
  return { apiVersion, kind, metadata: { name }, ...rest };
}

function pod(name: string, container: object, spec: object = {}): KubeObject {
  const main = { name: "main", image: "sluice/shell", ...container };
  return object("v1", "Pod", name, {
    spec: { terminationGracePeriodSeconds: 5, containers: [main], ...spec },
  });
}

const sh = (script: string) => ({ command: ["/bin/bash", "-c", script] });

async function podThat(name: string, holds: (found: PodObject) => boolean): Promise<PodObject> {
  const path = `/api/v1/namespaces/default/pods?fieldSelector=metadata.name=${name}`;
  const [found] = await until<PodObject>(
    shared.cluster.api,
    path,
    ([each]) => each !== undefined && holds(each),
  );
  if (found === undefined) throw new Error("no pod");
  return found;
}

const isReady = ({ status }: PodObject): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
const has = (phase: string) => (found: PodObject) => found.status?.phase === phase;

function logOf(name: string, container = "main"): string {
  return readFileSync(
    join(shared.cluster.folder, "logs", "pods", `default_${name}_${container}.log`),
    "utf8",
  );
}

/** Runs a script in a Pod of its own, to its end, and returns what it says. */
async function run(name: string, script: string, container: object = {}, spec: object = {}): Promise<string> {
  await shared.cluster.api.apply(
    pod(name, { ...sh(script), ...container }, { restartPolicy: "Never", ...spec }),
  );
  await podThat(name, (each) => has("Succeeded")(each) || has("Failed")(each));
  return logOf(name);
}

async function ask(address: string): Promise<EchoAnswer> {
  const response = await fetch(`http://${address}:${ECHO_PORT}/`, { headers: { connection: "close" } });
  // The echo backend says so.
  return (await response.json()) as EchoAnswer;
}

describe("two Pods that listen on 0.0.0.0:8080", () => {
  const echo = {
    image: "registry.example/sluice/echo-own:v1",
    readinessProbe: { tcpSocket: { port: 8080 } },
  };

  test("answer each on its address, to the node, to a Pod of the node's network and to each other", async () => {
    await shared.cluster.api.apply(
      pod("one", echo),
      pod("two", echo),
      pod("plain", { image: "sluice/echo" }),
    );
    const addresses = new Map<string, string>();
    for (const name of ["one", "two", "plain"]) {
      addresses.set(name, (await podThat(name, isReady)).status?.podIP ?? "");
    }
    for (const [name, address] of addresses) expect((await ask(address)).backend).toBe(name);
    const urls = [...addresses.values()].map((address) => `http://${address}:${ECHO_PORT}/`);
    const said = await run("asker", `hostname; for url in ${urls.join(" ")}; do curl -sS -m 5 $url; done`);
    const [hostname, ...answers] = said.trim().split("\n");
    expect(hostname).toBe("asker");
    // The echo backend says so.
    const parsed = answers.map((line) => JSON.parse(line) as EchoAnswer);
    expect(parsed.map(({ backend }) => backend)).toEqual(["one", "two", "plain"]);
    // They see the Pod that asks, not the node.
    const { status } = await podThat("asker", has("Succeeded"));
    expect(new Set(parsed.map(({ remoteAddress }) => remoteAddress))).toEqual(new Set([status?.podIP]));
  });

  test("an address answers no more once its Pod is gone", async () => {
    const { status } = await podThat("one", isReady);
    const address = status?.podIP ?? "";
    expect((await ask(address)).backend).toBe("one");
    await shared.cluster.api.remove(pod("one", {}));
    const path = "/api/v1/namespaces/default/pods?fieldSelector=metadata.name=one";
    await until(shared.cluster.api, path, (left) => left.length === 0);
    await expect(ask(address)).rejects.toThrow();
  });
});

describe("volumes", () => {
  test("show a Secret, and its new content all at once when it changes", async () => {
    const secret = (version: string): KubeObject =>
      object("v1", "Secret", "pair", { stringData: { a: version, b: version } });
    await shared.cluster.api.apply(secret("1"));
    const script = `cd /etc/pair; ls -la; stat -Lc %a a; sum() { cat ..data/a ..data/b; echo; }; sum
      until [ "$(cat ..data/a ..data/b)" = 22 ]; do sleep 0.05; done; sum`;
    const volumes = [{ name: "pair", secret: { secretName: "pair", defaultMode: 0o400 } }];
    const done = run(
      "rotated",
      script,
      { volumeMounts: [{ name: "pair", mountPath: "/etc/pair" }] },
      { volumes },
    );
    await podThat("rotated", has("Running"));
    await expect.poll(() => logOf("rotated"), PATIENCE).toContain("11\n");
    await shared.cluster.api.apply(secret("2"));
    const said = await done;
    expect(said).toMatch(/a -> \.\.data\/a/);
    expect(said).toContain("400\n11\n22\n");
  });

  test("are of every kind that a chart uses, and nothing else can be written with a read-only root", async () => {
    await shared.cluster.api.apply(
      object("v1", "ConfigMap", "settings", { data: { "a.yaml": "a: 1", "b.yaml": "b: 2" } }),
    );
    const script = `cat /etc/app/a.yaml /etc/app/sub/other.yaml /opt/one.yaml; echo; ls /etc/app
      cat /info/labels /info/namespace; echo
      cd /var/run/secrets/kubernetes.io/serviceaccount; ls; cat namespace; echo; grep -c BEGIN ca.crt
      for file in /data/x /scratch/x /etc/app/x /x /etc/x /usr/x; do
        (echo hello > $file) 2> /dev/null && echo $file can be written; done; cat /data/x`;
    const mount = (name: string, mountPath: string, rest: object = {}) => ({ name, mountPath, ...rest });
    const items = [
      { key: "a.yaml", path: "a.yaml" },
      { key: "b.yaml", path: "sub/other.yaml" },
    ];
    const said = await run(
      "mounted",
      script,
      {
        securityContext: { readOnlyRootFilesystem: true },
        volumeMounts: [
          mount("settings", "/etc/app"),
          mount("plain", "/opt/one.yaml", { subPath: "b.yaml" }),
          mount("data", "/data"),
          mount("data", "/scratch", { readOnly: true }),
          mount("info", "/info"),
        ],
      },
      {
        volumes: [
          { name: "settings", configMap: { name: "settings", items } },
          { name: "plain", configMap: { name: "settings" } },
          { name: "data", emptyDir: {} },
          {
            name: "info",
            projected: {
              sources: [
                {
                  downwardAPI: {
                    items: [
                      { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
                      { path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    );
    expect(said).toContain("a: 1b: 2b: 2\n");
    expect(said).toContain("a.yaml\nsub\n");
    expect(said).toContain("ca.crt\nnamespace\ntoken\ndefault\n");
    expect(said.match(/.* can be written/g)).toEqual(["/data/x can be written"]);
    expect(said).toMatch(/hello\n$/);
  });

  test("a Pod waits for a ConfigMap that there is not yet", async () => {
    const volumes = [{ name: "late", configMap: { name: "late" } }];
    const container = { volumeMounts: [{ name: "late", mountPath: "/late" }] };
    const done = run("early", "cat /late/key", container, { volumes });
    await podThat("early", has("Pending"));
    await shared.cluster.api.apply(object("v1", "ConfigMap", "late", { data: { key: "arrived" } }));
    expect(await done).toBe("arrived");
  });
});

describe("containers", () => {
  const volumes = [{ name: "shared", emptyDir: {} }];
  const volumeMounts = [{ name: "shared", mountPath: "/shared" }];

  test("of init run one after the other, a sidecar outlives the others, hooks run where the container is", async () => {
    const init = (name: string, script: string, rest: object = {}) => ({
      ...{ name, image: "sluice/shell", volumeMounts, ...sh(script), ...rest },
    });
    const sidecar = init(
      "sidecar",
      "trap 'cat /shared/*; exit 0' TERM; echo s > /shared/3; sleep 60 & wait",
      {
        restartPolicy: "Always",
        startupProbe: { exec: { command: ["test", "-f", "/shared/3"] }, periodSeconds: 1 },
      },
    );
    const lifecycle = {
      postStart: { exec: { command: ["sh", "-c", "echo started > /shared/5"] } },
      preStop: { exec: { command: ["sh", "-c", "hostname > /shared/6"] } },
    };
    const script =
      "cat /shared/*; trap 'echo ended > /shared/7; exit 0' TERM; echo m > /shared/4; sleep 60 & wait";
    const spec = {
      initContainers: [
        init("first", "sleep 0.3; echo f > /shared/1"),
        init("second", "test $(cat /shared/1) = f && echo g > /shared/2"),
        sidecar,
      ],
      volumes,
    };
    const readinessProbe = { exec: { command: ["test", "-f", "/shared/5"] }, periodSeconds: 1 };
    await shared.cluster.api.apply(
      pod("many", { ...sh(script), volumeMounts, lifecycle, readinessProbe }, spec),
    );
    await podThat("many", isReady);
    await expect.poll(() => logOf("many"), PATIENCE).toMatch(/^f\ng\ns\n/);
    await shared.cluster.api.remove(pod("many", {}));
    const path = "/api/v1/namespaces/default/pods?fieldSelector=metadata.name=many";
    await until(shared.cluster.api, path, (left) => left.length === 0);
    expect(logOf("many", "sidecar")).toBe("f\ng\ns\nm\nstarted\nmany\nended\n");
  });

  test("an init container that fails for good fails the Pod, and the others do not start", async () => {
    const initContainers = [{ name: "first", image: "sluice/shell", ...sh("exit 3") }];
    await shared.cluster.api.apply(pod("broken", sh("true"), { restartPolicy: "Never", initContainers }));
    await podThat("broken", has("Failed"));
    expect(() => logOf("broken")).toThrow();
  });
});
