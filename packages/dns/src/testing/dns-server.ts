import type { AddressInfo } from "node:net";
import DNS from "dns2";

const { Packet } = DNS;

/** What the server says of a name. */
export interface ZoneEntry {
  /** IPv4 and IPv6 alike. */
  readonly addresses?: readonly string[];
  /** The addresses are those of this name. */
  readonly alias?: string;
  /** Seconds; default 60. */
  readonly ttl?: number;
  /** `silent`: no answer at all. */
  readonly fault?: "servfail" | "refused" | "silent";
}

/** A real DNS server in this process, for tests: UDP, on a port of its own. */
export interface TestDnsServer {
  /** `ADDRESS:PORT`. */
  readonly address: string;
  /** Replaces what is said of a name; nothing: there is no such name. */
  set(name: string, entry?: ZoneEntry): void;
  /** How often a name has been asked for, by type: `a.example A`. */
  count(question: string): number;
  /** Resolves when the question comes the next time, before it is answered. */
  asked(question: string): Promise<void>;
  /** Ends the server; nobody listens on its port from then on. */
  close(): Promise<void>;
}

export async function startDnsServer(zone: Readonly<Record<string, ZoneEntry>> = {}): Promise<TestDnsServer> {
  const entries = new Map(Object.entries(zone));
  const counts = new Map<string, number>();
  const waiting = new Map<string, (() => void)[]>();
  const server = DNS.createUDPServer((request, respond) => {
    const [question] = request.questions;
    if (question === undefined) return;
    const key = `${question.name} ${Packet.typeName(question.type)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const done of waiting.get(key) ?? []) done();
    waiting.delete(key);
    const answer = answerOf(request, question, entries);
    if (answer !== undefined) void respond(answer);
  });
  await server.listen(0, "127.0.0.1");
  // A bound UDP socket has an address object.
  const { port } = server.address() as AddressInfo;
  let closed = false;
  return {
    address: `127.0.0.1:${port}`,
    set: (name, entry) => void (entry === undefined ? entries.delete(name) : entries.set(name, entry)),
    count: (question) => counts.get(question) ?? 0,
    asked: (question) =>
      new Promise((done) => waiting.set(question, [...(waiting.get(question) ?? []), done])),
    async close() {
      if (closed) return;
      closed = true;
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

function answerOf(
  request: DNS.Packet,
  question: DNS.Packet.Question,
  entries: ReadonlyMap<string, ZoneEntry>,
): DNS.Packet | undefined {
  const entry = entries.get(question.name);
  const answer = Packet.createResponseFromRequest(request);
  if (entry === undefined) answer.header.rcode = Packet.RCODE.NXDOMAIN;
  if (entry?.fault === "silent") return undefined;
  if (entry?.fault === "servfail") answer.header.rcode = Packet.RCODE.SERVFAIL;
  if (entry?.fault === "refused") answer.header.rcode = Packet.RCODE.REFUSED;
  const common = { class: Packet.CLASS.IN, ttl: entry?.ttl ?? 60 };
  if (entry?.alias !== undefined)
    answer.answers.push(
      resource({ ...common, name: question.name, type: Packet.TYPE.CNAME, domain: entry.alias }),
    );
  for (const address of entry?.addresses ?? []) {
    const type = address.includes(":") ? Packet.TYPE.AAAA : Packet.TYPE.A;
    if (type === question.type)
      answer.answers.push(resource({ ...common, name: entry?.alias ?? question.name, type, address }));
  }
  return answer;
}

function resource(fields: Omit<DNS.Packet.Resource, "toBuffer">): DNS.Packet.Resource {
  return new Packet.Resource(fields);
}
