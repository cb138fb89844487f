import { setTimeout as delay } from "node:timers/promises";
import type { DefaultSecret } from "@sluice/translate";
import { hasNamespace, ownNamespace } from "../config/own-namespace.ts";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../logging/logger.ts";
import { withKubeConfig } from "./kubernetes-source.ts";
import { selfSignedCertificate } from "./self-signed.ts";

/** The Secret of the controller's namespace that replicas share a self-signed default certificate by. */
export const DEFAULT_SECRET = "sluice-default-certificate";

/**
 * The Secret of the default certificate: the one of the settings, or with an API server the one that replicas share. Without
 * either each process makes a certificate of its own.
 */
export function defaultSecret(settings: Settings): DefaultSecret | undefined {
  const [namespace, name] = settings.defaultCertificate?.split("/") ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name, expected: true };
  // Nobody's namespace is written to who only tries the gateway from outside the cluster.
  const own = settings.kube && hasNamespace(settings) ? ownNamespace(settings) : undefined;
  return own === undefined ? undefined : { namespace: own, name: DEFAULT_SECRET, expected: false };
}

/** The part of the client that is needed here. */
export interface SecretWriter {
  write(request: {
    readonly method: "POST";
    readonly path: string;
    readonly body: unknown;
    readonly signal: AbortSignal;
  }): Promise<unknown>;
}

/** How often creating the Secret is tried while the API server does not answer, and after how many milliseconds. */
const ATTEMPTS = 10;
const WAIT_MS = 5_000;

export interface CreateDefaultSecretOptions {
  readonly secret: DefaultSecret;
  readonly api: SecretWriter;
  readonly log: Pick<Logger, "info" | "warn">;
  readonly signal: AbortSignal;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Creates the Secret that replicas share, with a self-signed certificate. Which replica is first does not matter: that it is
 * there already is what is wanted. Where that is not allowed, each process keeps its own certificate, and the log says
 * what to do. Never rejects.
 */
export async function createDefaultSecret(options: CreateDefaultSecretOptions): Promise<void> {
  const { secret, api, log, signal } = options;
  const { ApiError, describeError, isRefusal } = await import("@sluice/kubernetes-api");
  const name = `${secret.namespace}/${secret.name}`;
  const body = await manifest(secret);
  const path = `/api/v1/namespaces/${encodeURIComponent(secret.namespace)}/secrets`;
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await api.write({ method: "POST", path, body, signal });
      log.info({ secret: name }, "created the default certificate, which replicas share");
      return;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return;
      if (signal.aborted) return;
      if (!isRefusal(error) && attempt < ATTEMPTS) {
        await options.wait(WAIT_MS, signal).catch(() => {});
        continue;
      }
      const words = describeError(error);
      log.warn(
        { secret: name, error: words },
        "the default certificate cannot be shared with other replicas, each has its own: allow to create Secrets in the namespace, or name a TLS Secret with --default-certificate",
      );
      return;
    }
  }
}

/** Has the shared Secret created in the background, if there is to be one. Returns what stops it. */
export function shareDefaultSecret(settings: Settings, log: Logger): () => Promise<void> {
  const secret = defaultSecret(settings);
  if (!settings.kube || secret === undefined || secret.expected) return () => Promise.resolve();
  const stop = new AbortController();
  const done = openApi(settings).then(async (api) => {
    await createDefaultSecret({ secret, api, log, signal: stop.signal, wait });
    await api.close();
  });
  return () => {
    stop.abort();
    return done;
  };
}

async function openApi(settings: Settings) {
  const { createKubeApi } = await import("@sluice/kubernetes-api");
  return withKubeConfig(settings, (load) => createKubeApi(load));
}

const wait: CreateDefaultSecretOptions["wait"] = (milliseconds, signal) =>
  delay(milliseconds, undefined, { signal, ref: false });

async function manifest({ namespace, name }: DefaultSecret): Promise<unknown> {
  const { chain, key } = await selfSignedCertificate(Date.now());
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace, name, labels: { "app.kubernetes.io/managed-by": "sluice" } },
    type: "kubernetes.io/tls",
    data: {
      "tls.crt": Buffer.from(chain).toString("base64"),
      "tls.key": Buffer.from(key).toString("base64"),
    },
  };
}
