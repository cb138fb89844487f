import { createStore, type Store } from "@sluice/store";
import { onTestFinished } from "vitest";
import { type KubernetesSource, type WatchKubernetesOptions, watchKubernetes } from "../watch-kubernetes.ts";
import { type FakeApiServer, fakeApiServer } from "./fake-api-server.ts";
import { type FakeClock, fakeClock } from "./fake-clock.ts";

export interface SourceBench {
  readonly api: FakeApiServer;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly logged: readonly string[];
  start(options?: Partial<WatchKubernetesOptions>): KubernetesSource;
  /** Resolves as soon as the recorded reads of `read` give what is expected. */
  until(read: () => unknown, expected: unknown): Promise<void>;
  /** The Services in the store as `name=type`; a recorded read. */
  services(): string;
}

/** A store, a clock that stands still, and a fake API server; all end with the test. */
export async function sourceBench(): Promise<SourceBench> {
  const api = await fakeApiServer();
  const store = createStore();
  const clock = fakeClock();
  const logged: string[] = [];
  const log = (_fields: unknown, message: string): void => void logged.push(message);
  return {
    api,
    store,
    clock,
    logged,
    start(options = {}) {
      const source = watchKubernetes({
        kubeConfig: () => api.kubeConfig,
        store,
        clock,
        random: () => 0.5,
        log: { debug: () => {}, info: log, warn: log },
        ...options,
      });
      onTestFinished(async () => {
        await source.close();
        await api.stop().catch(() => {});
      });
      return source;
    },
    until: (read, expected) => until(store, read, expected),
    services: () =>
      store
        .list("Service")
        .map(({ metadata, spec }) => `${metadata.name}=${spec.type}`)
        .join(" "),
  };
}

function until(store: Store, read: () => unknown, expected: unknown): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let last: unknown;
  const timer = setTimeout(() => {
    dispose();
    reject(new Error(`Expected ${JSON.stringify(expected)}, the last was ${JSON.stringify(last)}.`));
  }, 4_000);
  const dispose = store.graph.effect(() => {
    last = read();
    if (last !== expected) return;
    clearTimeout(timer);
    queueMicrotask(() => dispose());
    resolve();
  });
  return promise;
}
