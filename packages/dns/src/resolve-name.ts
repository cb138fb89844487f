import { lookup, Resolver } from "node:dns/promises";

/** What became of asking for a name. */
export type Resolution =
  /** `addresses` may be empty: there is no such name, or it has none. `ttl` in seconds, the least of its records. */
  | { readonly kind: "answer"; readonly addresses: readonly string[]; readonly ttl: number }
  /** Nobody answered, or not with an answer. `fault` in words. */
  | { readonly kind: "failure"; readonly fault: string };

/** Asks DNS for names. */
export interface NameResolver {
  /** Never rejects. IPv6 addresses are those of names that have no IPv4 address. */
  resolve(hostname: string): Promise<Resolution>;
  /** Gives up what is under way. */
  close(): void;
}

export interface NameResolverOptions {
  /** `ADDRESS:PORT` of the one server to ask; absent: those of the system. */
  readonly server?: string;
  /** Whether the system has a word, too, where DNS knows nothing; default: if no server is given. */
  readonly useSystem?: boolean;
}

/** What names of the system that DNS does not know (the hosts file) are taken to be good for, in seconds. */
const SYSTEM_TTL = 30;

/**
 * Asks over the network, and with IPv4 first: a gateway may well have no IPv6 route, and an endpoint that cannot be
 * reached takes its share of the requests. If no server is given, a name that DNS does not know is looked up as any
 * program of this machine would, so that its hosts file counts, on a machine without DNS too; with a server given, its
 * word is final.
 */
export function createNameResolver(options: NameResolverOptions): NameResolver {
  const { server, useSystem = server === undefined } = options;
  let current: Resolver | undefined;
  const underWay = new Set<{ readonly asked: Resolver }>();

  const resolver = (): Resolver => {
    if (current === undefined) {
      // 1 s for the first try and 2 s for the second.
      current = new Resolver({ timeout: 1000, tries: 2 });
      if (server !== undefined) current.setServers([server]);
    }
    return current;
  };

  return {
    async resolve(hostname) {
      const asked = resolver();
      const question = { asked };
      underWay.add(question);
      try {
        const four = await records(() => asked.resolve4(hostname, { ttl: true }));
        const found = four.length > 0 ? four : await records(() => asked.resolve6(hostname, { ttl: true }));
        if (found.length === 0 && useSystem) return await ofSystem(hostname);
        const addresses = found.map(({ address }) => address);
        return { kind: "answer", addresses, ttl: Math.min(...found.map(({ ttl }) => ttl)) };
      } catch (error) {
        // The next one reads the system's configuration anew, which may have changed with the network.
        if (current === asked) current = undefined;
        if (useSystem && codeOf(error) === "ECONNREFUSED") return await ofSystem(hostname);
        return { kind: "failure", fault: inWords(error) };
      } finally {
        underWay.delete(question);
      }
    },
    close() {
      for (const { asked } of underWay) asked.cancel();
    },
  };
}

/** Codes of Node for "no such name" and "no such record". */
const ABSENT = new Set(["ENOTFOUND", "ENODATA"]);

async function records<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await ask();
  } catch (error) {
    if (ABSENT.has(codeOf(error))) return [];
    throw error;
  }
}

async function ofSystem(hostname: string): Promise<Resolution> {
  try {
    const found = await records(() => lookup(hostname, { all: true }));
    const four = found.filter(({ family }) => family === 4);
    const addresses = (four.length > 0 ? four : found).map(({ address }) => address);
    return { kind: "answer", addresses, ttl: SYSTEM_TTL };
  } catch (error) {
    return { kind: "failure", fault: inWords(error) };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const WORDS: Readonly<Record<string, string>> = {
  ETIMEOUT: "no DNS server answered in time",
  ECONNREFUSED: "no DNS server can be reached",
  EAI_AGAIN: "no DNS server can be reached",
  ESERVFAIL: "the DNS server failed (SERVFAIL)",
  EREFUSED: "the DNS server refused to answer (REFUSED)",
  EBADRESP: "the DNS server's answer is malformed",
  EBADNAME: "it is no name that DNS could know",
  ECANCELLED: "the question was given up",
};

function inWords(error: unknown): string {
  const code = codeOf(error);
  return WORDS[code] ?? `DNS failed (${code || String(error)})`;
}
