import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** A kind of request, sent over and over. */
export interface RequestKind {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers by phase, by kind of request, by backend. */
export type Answers = ReadonlyMap<string, number>;

export interface Traffic<K extends string> {
  /** Begins a phase: requests sent from now on count for it. */
  phase(name: string): void;
  /** Answers so far, by backend, to requests of a kind that were sent in a phase. */
  answers(phase: string, kind: K): Answers;
  /** Resolves when so many requests of each kind have been answered in the phase. */
  until(phase: string, count: number): Promise<void>;
  /** Requests that failed, in words, with their phase and kind. */
  readonly failures: readonly string[];
  /** Resolves when all are answered, with how many there were. */
  stop(): Promise<number>;
}

/** Sends requests of all kinds in turn at a steady rate, whatever the answers take. */
export function startTraffic<K extends string>(options: {
  readonly port: number;
  readonly host: string;
  readonly kinds: Readonly<Record<K, RequestKind>>;
  readonly perSecond: number;
}): Traffic<K> {
  const agent = new Agent({ keepAlive: true });
  // Object.keys gives what the type says: the record has no other keys.
  const kinds = Object.keys(options.kinds) as K[];
  const counts = new Map<string, Map<string, number>>();
  const failures: string[] = [];
  const flying = new Set<Promise<void>>();
  const onAnswer = new Set<() => void>();
  let phase = "start";
  let stopping = false;
  let sent = 0;

  const send = (kind: K): void => {
    const key = `${phase}/${kind}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    const failed = (what: string): void => {
      failures.push(`${key}: ${what}`);
      resolve();
    };
    const { path = "/", headers = {} } = options.kinds[kind];
    const outgoing = request({
      host: "127.0.0.1",
      port: options.port,
      path,
      agent,
      headers: { ...headers, host: options.host },
    });
    outgoing.setTimeout(20_000, () => outgoing.destroy(new Error("no answer in 20 s")));
    outgoing.on("error", (error) => failed(error.message));
    outgoing.on("response", (response) => {
      const backend = response.headers["x-echo-backend"];
      if (response.statusCode !== 200 || typeof backend !== "string") failed(`status ${response.statusCode}`);
      else {
        const answers = counts.get(key) ?? new Map<string, number>();
        counts.set(key, answers.set(backend, (answers.get(backend) ?? 0) + 1));
      }
      response.on("close", resolve).resume();
    });
    outgoing.end();
    flying.add(promise);
    void promise.then(() => {
      flying.delete(promise);
      for (const notify of onAnswer) notify();
    });
  };
  const loop = async (): Promise<void> => {
    const startedAt = performance.now();
    while (!stopping) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * options.perSecond);
      for (; sent < due; sent++) {
        const kind = kinds[sent % kinds.length];
        if (kind !== undefined) send(kind);
      }
      await pause(5);
    }
    await Promise.all(flying);
  };
  const done = loop();
  const answers = (name: string, kind: K): Answers => counts.get(`${name}/${kind}`) ?? new Map();
  return {
    phase(name) {
      phase = name;
    },
    answers,
    until(name, count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const check = (): void => {
        const enough = kinds.every((kind) => total(answers(name, kind)) >= count);
        if (!enough) return;
        onAnswer.delete(check);
        resolve();
      };
      onAnswer.add(check);
      check();
      return promise;
    },
    failures,
    async stop() {
      stopping = true;
      await done;
      agent.destroy();
      return sent;
    },
  };
}

function total(answers: Answers): number {
  return [...answers.values()].reduce((sum, each) => sum + each, 0);
}
