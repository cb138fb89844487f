import { ApiError, type ApiRequest, type ApiWrite, type KubeApi } from "@sluice/kubernetes-api";

/** An object as a fake API server keeps it. */
export interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/**
 * A fake API server in memory: objects by their paths, with versions, watches on collections, and patches as merge patches.
 * It gives no heed to selectors, fields' owners and kinds.
 */
export interface FakeApi extends KubeApi {
  /** Creates or replaces an object; its version is the next. */
  put(path: string, object: object): StoredObject;
  get(path: string): StoredObject | undefined;
  /** Paths of the objects whose path begins so. */
  paths(prefix: string): readonly string[];
  remove(path: string): void;
  /** Answered writes, as `METHOD path`. */
  readonly writes: readonly string[];
  /** Called before each write; what it throws fails the request. */
  onWrite: (write: ApiWrite) => void;
  /** Ends all watches. */
  endWatches(): void;
}

interface Watcher {
  readonly collection: string;
  readonly send: (event: object) => void;
  readonly end: () => void;
}

export function fakeApi(): FakeApi {
  const objects = new Map<string, StoredObject>();
  const watchers = new Set<Watcher>();
  const writes: string[] = [];
  let version = 100;

  const notify = (type: string, path: string, object: object): void => {
    for (const { collection, send } of watchers)
      if (path.startsWith(`${collection}/`)) send({ type, object });
  };
  const api: FakeApi = {
    onWrite: () => {},
    writes,
    put(path, object) {
      const before = objects.get(path);
      const given = Object(Reflect.get(object, "metadata"));
      const metadata = { ...given, name: path.split("/").at(-1) ?? "", resourceVersion: `${++version}` };
      const stored = { ...object, metadata };
      objects.set(path, stored);
      notify(before === undefined ? "ADDED" : "MODIFIED", path, stored);
      return stored;
    },
    get: (path) => objects.get(path),
    paths: (prefix) => [...objects.keys()].filter((path) => path.startsWith(prefix)),
    remove(path) {
      const before = objects.get(path);
      objects.delete(path);
      if (before === undefined) return;
      notify("DELETED", path, {
        ...before,
        metadata: { ...before.metadata, resourceVersion: `${++version}` },
      });
    },
    endWatches() {
      for (const { end } of [...watchers]) end();
    },
    async json({ path }: ApiRequest) {
      const found = objects.get(path);
      if (found !== undefined) return found;
      if (!/s$/.test(path)) throw new ApiError(404, "not found");
      const items = api.paths(`${path}/`).map((each) => objects.get(each));
      return { metadata: { resourceVersion: `${version}` }, items };
    },
    async stream({ path, query, signal }: ApiRequest) {
      return lines((send, end) => {
        const watcher: Watcher = {
          collection: path,
          send,
          end() {
            watchers.delete(watcher);
            end();
          },
        };
        watchers.add(watcher);
        signal.addEventListener("abort", watcher.end);
        if (query?.resourceVersion !== undefined) return;
        for (const each of api.paths(`${path}/`)) send({ type: "ADDED", object: objects.get(each) });
      });
    },
    async write(write: ApiWrite) {
      const { method, path, body, signal } = write;
      signal.throwIfAborted();
      api.onWrite(write);
      writes.push(`${method} ${path}`);
      if (method === "DELETE") {
        api.remove(path);
        return {};
      }
      // Bodies of this package are objects with metadata.
      const given = body as { readonly metadata?: { readonly name?: string } };
      if (method === "POST") {
        const created = `${path}/${given.metadata?.name}`;
        if (objects.has(created)) throw new ApiError(409, "already exists");
        return api.put(created, given);
      }
      const target = path.replace(/\/status$/, "");
      return api.put(target, Object(merge(objects.get(target) ?? {}, given)));
    },
    close: async () => {},
  };
  return api;
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const into = typeof target === "object" && target !== null ? { ...target } : {};
  const merged = new Map<string, unknown>(Object.entries(into));
  for (const [key, value] of Object.entries(patch))
    if (value === null) merged.delete(key);
    else merged.set(key, merge(merged.get(key), value));
  return Object.fromEntries(merged);
}

function lines(start: (send: (event: object) => void, end: () => void) => void): AsyncIterable<Uint8Array> {
  const stream = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: Infinity });
  const writer = stream.writable.getWriter();
  const send = (event: object): void =>
    void writer.write(Buffer.from(`${JSON.stringify(event)}\n`)).catch(() => {});
  start(send, () => void writer.close().catch(() => {}));
  return stream.readable;
}

/** Lets everything run that does not wait for the clock. */
export async function settled(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
}
