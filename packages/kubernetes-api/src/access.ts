import type { AgentOptions, RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from "undici";
import { KubeConfigError } from "./kube-config-error.ts";

/** What a request needs to reach the API server and be let in. */
export interface Credentials {
  /** Without a slash at its end. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
  /** Counts the readings of the configuration. */
  readonly generation: number;
}

/** The way to the API server, as the configuration has it at the time. */
export interface Access {
  /** Tokens and certificates in files are read anew as they are rotated. */
  current(): Promise<Credentials>;
  /** Reads the configuration anew, unless somebody did since `generation`. A reading that fails changes nothing. */
  renew(generation: number): void;
  close(): Promise<void>;
}

/** Connections are shared by all requests: the API server speaks HTTP/2, so that thousands of watches need few. */
export function createAccess(load: () => KubeConfig): Access {
  let config = load();
  let generation = 0;
  let shared: { readonly key: string; readonly dispatcher: Dispatcher } | undefined;

  const dispatcherFor = (options: RequestOptions): Dispatcher => {
    // Both have the same TLS options, of which alone anything is read; they differ in `defaultPort`.
    const wanted = config.createDispatcherOptions(config.getCurrentCluster(), options as AgentOptions);
    const key = JSON.stringify(wanted);
    if (shared?.key === key) return shared.dispatcher;
    // Requests under way end by themselves: a watch has its time limit.
    void shared?.dispatcher.close();
    shared = { key, dispatcher: createDispatcher(wanted) };
    return shared.dispatcher;
  };

  return {
    async current() {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const cluster = config.getCurrentCluster();
      if (cluster === null) throw new KubeConfigError("The kubeconfig has no current cluster.");
      return {
        server: cluster.server.replace(/\/+$/, ""),
        headers: headersOf(options),
        dispatcher: dispatcherFor(options),
        generation,
      };
    },
    renew(seen) {
      if (seen !== generation) return;
      try {
        config = load();
      } catch {
        // A file that is just being written; the old configuration is tried until it can be read.
        return;
      }
      generation++;
    },
    close: async () => shared?.dispatcher.destroy(),
  };
}

function createDispatcher(options: ReturnType<KubeConfig["createDispatcherOptions"]>): Dispatcher {
  // The client only sets fields that have a value, which its types do not say.
  const tls = (given: object) => given as buildConnector.BuildOptions;
  switch (options.type) {
    case "agent":
      return new Agent({ connect: tls(options.connect) });
    case "none":
      return new Agent();
    case "proxy":
      return new ProxyAgent({ uri: options.uri, requestTls: tls(options.requestTls) });
    default:
      throw new KubeConfigError(
        `The proxy ${options.uri} of the kubeconfig cannot be used: SOCKS is not supported.`,
      );
  }
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    // A token from a file often has a line break at its end.
    if (typeof value === "string") all[name.toLowerCase()] = value.trim();
  }
  if (auth) all.authorization = `Basic ${Buffer.from(auth).toString("base64")}`;
  return all;
}
