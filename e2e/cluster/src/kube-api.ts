import { readFileSync } from "node:fs";
import { Agent, fetch } from "undici";
import { ClusterError } from "./cluster-error.ts";
import type { KubeObject, WatchEvent } from "./objects.ts";

/** An answer of the API server other than 2xx, or an error in a watch. */
export class KubeApiError extends Error {
  readonly status: number;
  /** Of the Status object, such as `NotFound`; empty when the answer was none. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = "KubeApiError";
    this.status = status;
    this.reason = reason;
  }
}

export interface SendOptions {
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A small client of the API server for tests and for the node agent, on purpose another one than the product's: what it
 * sees is evidence. Answers are trusted to be of the type asked for.
 */
export interface KubeApi {
  /** One request, as JSON both ways. Rejects with a {@link KubeApiError} for a refusal, with another error for no answer. */
  send<T = unknown>(method: string, path: string, options?: SendOptions): Promise<T>;
  get<T = unknown>(path: string): Promise<T>;
  /** Server-side apply, by force, of objects of any served kind, one after the other. */
  apply(...objects: readonly KubeObject[]): Promise<void>;
  /** Deletes an object in the background; one that is gone is no error. */
  remove(object: KubeObject): Promise<void>;
  /** The path of an object, by asking the API server which resources it has. */
  pathOf(object: KubeObject): Promise<string>;
  /** The raw events of a watch, until the server or the signal ends it. */
  watch<T extends KubeObject>(path: string, signal?: AbortSignal): AsyncGenerator<WatchEvent<T>>;
  close(): Promise<void>;
}

export interface KubeApiOptions {
  readonly server: string;
  /** Read when the first request is sent: an API server makes its certificate when it starts. */
  readonly caFile: string;
  readonly token: string;
}

export function kubeApi({ server, caFile, token }: KubeApiOptions): KubeApi {
  let agent: Agent | undefined;
  const resources = new Map<string, readonly ApiResource[]>();

  const call = async (method: string, path: string, { body, contentType, signal }: SendOptions = {}) => {
    // Watches are silent for as long as nothing changes.
    agent ??= new Agent({ connect: { ca: readFileSync(caFile) }, bodyTimeout: 0, headersTimeout: 0 });
    const response = await fetch(new URL(path, server), {
      method,
      dispatcher: agent,
      signal: signal ?? null,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(body !== undefined && { "content-type": contentType ?? "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw refusal(response.status, `${method} ${path}`, await response.text());
    return response;
  };
  const send = async <T>(method: string, path: string, options?: SendOptions): Promise<T> => {
    const text = await (await call(method, path, options)).text();
    // The API server answers with what its own schema says of the path.
    return (text.startsWith("{") ? JSON.parse(text) : text) as T;
  };
  const pathOf = async ({ apiVersion, kind, metadata }: KubeObject): Promise<string> => {
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const isKind = (each: ApiResource): boolean => each.kind === kind && !each.name.includes("/");
    if (!resources.get(root)?.some(isKind)) {
      resources.set(root, (await send<{ resources: ApiResource[] }>("GET", root)).resources);
    }
    const found = resources.get(root)?.find(isKind);
    if (found === undefined) {
      throw new ClusterError(
        "no-such-kind",
        `The API server has no ${kind} in ${apiVersion}.`,
        "Apply its CRD first.",
      );
    }
    const scope = found.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `${root}${scope}/${found.name}/${metadata.name}`;
  };

  return {
    send,
    get: (path) => send("GET", path),
    pathOf,
    async apply(...objects) {
      for (const object of objects) {
        await send("PATCH", `${await pathOf(object)}?fieldManager=e2e&force=true`, {
          body: object,
          contentType: "application/apply-patch+yaml",
        });
      }
    },
    async remove(object) {
      await send("DELETE", await pathOf(object), { body: { propagationPolicy: "Background" } }).catch(
        (error: unknown) => {
          if (!(error instanceof KubeApiError) || error.status !== 404) throw error;
        },
      );
    },
    async *watch<T extends KubeObject>(path: string, signal?: AbortSignal) {
      const { body } = await call("GET", path, { signal });
      if (body === null) return;
      for await (const line of lines(body)) {
        // One JSON object a line: kubernetes.io/docs/reference/using-api/api-concepts, "Efficient detection of changes".
        const event = JSON.parse(line) as WatchEvent<T>;
        if (event.type === "ERROR") throw refusal(event.object.code ?? 500, `watch ${path}`, line);
        yield event;
      }
    },
    async close() {
      await agent?.destroy();
    },
  };
}

/** Not by readline, whose interface fails once more, where nobody can catch it, when the stream is aborted. */
async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

function refusal(status: number, what: string, text: string): KubeApiError {
  let reason = "";
  let message = text.slice(0, 300);
  try {
    const parsed: { reason?: string; message?: string } = JSON.parse(text);
    reason = parsed.reason ?? "";
    message = parsed.message ?? message;
  } catch {
    // A proxy's or a starting server's plain text is quoted as it is.
  }
  return new KubeApiError(status, reason, `${what}: ${status} ${message}`);
}
