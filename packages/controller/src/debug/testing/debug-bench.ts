import { request } from "node:http";
import { type NodeInfo, serveAds } from "@sluice/ads";
import { FakeEnvoy } from "@sluice/ads/testing";
import type { Feature } from "@sluice/feature-api";
import { features as allFeatures } from "@sluice/features";
import { DEFAULT_GATEWAY_SETTINGS, type GatewayDefinition } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { loadFiles } from "@sluice/source-file";
import { createStore } from "@sluice/store";
import { requirementsOf } from "@sluice/xds";
import { gatewayChoice, translateSettings } from "../../config/gateway-settings.ts";
import { Settings } from "../../config/settings.ts";
import type { ControlPlane } from "../../gateway/control-plane.ts";
import { createGateways } from "../../gateway/gateways.ts";
import { createGatewayMetrics } from "../../metrics/gateway-metrics.ts";
import type { ProcessTarget } from "../page.ts";
import { serveDebug } from "../serve-debug.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON. */
  json<T>(): T;
}

export interface DebugBench extends AsyncDisposable {
  /** With the control plane of the first gateway. */
  readonly target: ProcessTarget & { readonly controlPlane: ControlPlane };
  readonly url: string;
  /** Exceptions of pages; a test that expects none need not look, for disposal throws if there are some. */
  readonly errors: unknown[];
  /** Applies the objects of a YAML text. */
  apply(yaml: string): void;
  /** The source says that it has delivered everything. */
  sync(): void;
  get(path: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Reply>;
  /** The page as a browser gets it. */
  html(path: string): Promise<string>;
  /** An Envoy that has accepted everything there is, except that it refuses one virtual host, if named. */
  connect(node: string, options?: { readonly refuse?: string }): Promise<FakeEnvoy>;
}

/** What an Envoy says of itself that lacks nothing of what the product asks for. */
const ABLE = { extensions: [{ name: "all", typeUrls: [...new Set(allFeatures.flatMap(requirementsOf))] }] };

const WORDS = 'bad <b>regex</b> & "quotes"';

/** The gateways of these definitions (default: one, as with no settings) on a small store, with its ADS and debug servers: all real, but for the Envoys. */
export async function debugBench(
  features: readonly Feature[] = allFeatures,
  definitions: readonly GatewayDefinition[] = [],
): Promise<DebugBench> {
  const errors: unknown[] = [];
  const store = createStore({ onError: (_name, _key, error) => errors.push(error) });
  const metrics = createGatewayMetrics(store);
  const source = metrics.store.registerSource("test files");
  let whenIdle = (_of: (info: NodeInfo) => boolean): Promise<void> => Promise.resolve();
  const settings = Settings.parse({});
  const gateways = createGateways({
    store,
    features,
    translate: await translateSettings(settings),
    controller: settings.controllerName,
    takesAnyNode: definitions.length === 0,
    whenIdle: (of) => whenIdle(of),
    observe: () => ({
      events: { onAccepted: metrics.ads.accepted, onRefused: metrics.ads.refused },
      observer: { resourceRendered: metrics.ads.rendered, changeRendered: metrics.rendered },
    }),
  });
  const choice = gatewayChoice(settings);
  const own = choice.kind === "own" ? [{ ...choice.definition, settings: DEFAULT_GATEWAY_SETTINGS }] : [];
  for (const definition of definitions.length === 0 ? own : definitions) gateways.set(definition);
  const [first] = gateways.list();
  if (first === undefined) throw new Error("there is no gateway");
  const { controlPlane } = first;
  const ads = await serveAds({
    address: "127.0.0.1:0",
    onNode: gateways.place,
    onConnection: metrics.ads.connection,
  });
  whenIdle = (of) => ads.whenIdle({ of });
  metrics.observe({ gateways, ads });
  // Nothing is counted here; this has a sample for each of its metrics.
  metrics.observeRateLimits({
    counts: { allowed: 0, limited: 0, unreadable: 0, failed: 0 },
    store: { mode: () => "shared", answeredAlone: () => 0 },
    instances: () => ({ sluice: 1 }),
  });
  // There is no API server here; this has a sample for each of its metrics.
  const some = new Map([["Ingress" as const, 1]]);
  metrics.observeKubernetes({
    status: () => ({ connected: true, since: 0, refused: [] }),
    counters: { lists: some, watches: some, events: some, failures: some },
  });
  const target = { store, gateways, controlPlane, ads, metrics };
  const server = await serveDebug({
    address: "127.0.0.1:0",
    gateway: target,
    onError: (error) => errors.push(error),
  });
  const envoys: FakeEnvoy[] = [];
  const get: DebugBench["get"] = (path, headers = {}, method = "GET") =>
    send(new URL(path, server.url), headers, method);

  return {
    target,
    url: server.url,
    errors,
    apply(yaml) {
      const { objects, diagnostics } = loadFiles(["-"], { stdin: yaml });
      if (diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics));
      metrics.store.apply({ set: objects, removed: [] });
    },
    sync: () => source.synced(),
    get,
    html: async (path) => (await get(path, { accept: "text/html,*/*;q=0.8" })).text,
    async connect(node, { refuse } = {}) {
      const envoy = new FakeEnvoy({ address: ads.address, node, about: ABLE });
      envoys.push(envoy);
      void answerAll(envoy, controlPlane.renderings()[0]?.resources.values() ?? [], refuse);
      await ads.when((nodes) => nodes().some(({ info }) => info.id === node));
      await ads.whenIdle({ node });
      await controlPlane.isolation.settled();
      return envoy;
    },
    async [Symbol.asyncDispose]() {
      for (const envoy of envoys) envoy.close();
      await server.close();
      await ads.close();
      gateways.stop();
      if (errors.length > 0) throw new AggregateError(errors, "pages or derivations failed");
    },
  };
}

/** Subscribes to everything as Envoy does, and answers until the stream ends. */
async function answerAll(
  envoy: FakeEnvoy,
  resources: Iterable<{ readonly typeUrl: string; readonly name: string }>,
  refuse: string | undefined,
): Promise<void> {
  const names = Map.groupBy(resources, ({ typeUrl }) => typeUrl);
  const answer = async (typeUrl: string): Promise<never> => {
    for (;;) {
      const received = await envoy.expectResources(typeUrl);
      if (refuse !== undefined && received.resources.has(refuse)) envoy.nack(received, WORDS);
      else envoy.ack(received);
    }
  };
  const loops = Object.values(TYPE_URLS)
    .filter((typeUrl) => names.has(typeUrl))
    .map((typeUrl) => {
      const isWildcard = WILDCARDS.includes(typeUrl);
      envoy.subscribe(typeUrl, isWildcard ? [] : (names.get(typeUrl) ?? []).map(({ name }) => name));
      return answer(typeUrl);
    });
  // Each loop ends with the stream.
  await Promise.allSettled(loops);
}

const WILDCARDS: readonly string[] = [TYPE_URLS.LISTENER, TYPE_URLS.CLUSTER, TYPE_URLS.VIRTUAL_HOST];

/** One request on a connection of its own; `fetch` would not let a test set `Host`. */
function send(url: URL, headers: Readonly<Record<string, string>>, method: string): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const outgoing = request(url, { method, headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        // The test knows the page that it asked for.
        json: <T>() => JSON.parse(text) as T,
      });
    });
  });
  outgoing.on("error", reject);
  outgoing.end();
  return promise;
}

/** A Service with one endpoint and an Ingress for `host`, whose annotations are those given. */
export function shop(host: string, annotations: Readonly<Record<string, string>> = {}, name = "web"): string {
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "cart", namespace: "shop" },
      spec: { ports: [{ name: "http", port: 80 }], clusterIP: "10.96.0.1" },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "cart-1", namespace: "shop", labels: { "kubernetes.io/service-name": "cart" } },
      addressType: "IPv4",
      ports: [{ name: "http", port: 8000, protocol: "TCP" }],
      endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: true } }],
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name, namespace: "shop", annotations, creationTimestamp: "2026-01-02T03:04:05Z" },
      spec: {
        ingressClassName: "mse",
        rules: [
          {
            host,
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name: "cart", port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    },
  ]
    .map((object) => JSON.stringify(object))
    .join("\n---\n");
}
