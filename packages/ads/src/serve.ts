import {
  type handleUnaryCall,
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  status as Status,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { ResourceRef } from "@sluice/model";
import { resourceKey } from "@sluice/model";
import { adsService, type DeltaDiscoveryRequest, type DiscoveryRequest } from "@sluice/protos";
import type { Limits } from "./collect.ts";
import { type Holder, holderOf } from "./holder.ts";
import { cacheInline, type Inline } from "./inline.ts";
import { type ListenAddress, listen, type PeerOf } from "./listen.ts";
import { type NodeInfo, nodeInfo } from "./node-info.ts";
import { NodeSession } from "./node-session.ts";
import type { Variant } from "./node-state.ts";
import type { Peer } from "./peer.ts";
import type { Request, Response } from "./protocol.ts";
import { Stream, type StreamEvents } from "./stream.ts";
import type { RefusedHandshake } from "./tls-listener.ts";
import { type NodeView, viewNode } from "./views.ts";
import { Waiters, type WaitOptions } from "./waiters.ts";
import { readDelta, readSotw, writeDelta, writeSotw } from "./wire.ts";
import { World } from "./world.ts";

export interface ServeOptions {
  /** Where to listen: one address, or several. */
  readonly address: string | readonly ListenAddress[];
  /**
   * What a node gets, decided by its first request and, over TLS, its certificate; a string refuses the node and says
   * why. Without a peer the node is on this host, or speaks through a socket that only its owner can open.
   */
  readonly onNode: (info: NodeInfo, peer?: Peer) => Placement | World | string;
  /** Inlines virtual hosts for state of the world nodes (results are cached); without it these are refused. */
  readonly inline?: Inline;
  /** Further services on the same addresses. */
  readonly services?: readonly AddedService[];
  readonly limits?: Limits;
  /** Called when a node has connected or gone. */
  readonly onConnection?: (event: { readonly info: NodeInfo; readonly connected: boolean }) => void;
  /** Called for each connection over TLS that is not let in. May be called often: anyone can knock. */
  readonly onHandshakeRefused?: (refused: RefusedHandshake) => void;
  /** Receives an exception, which is a bug and has ended one stream, with the node's id. Default: standard error. */
  readonly onError?: (error: unknown, node: string) => void;
}

/** A service besides ADS, whose methods answer one message with one. It never hears of calls that a certificate does not allow. */
export interface AddedService {
  readonly definition: ServiceDefinition<UntypedServiceImplementation>;
  readonly handlers: Readonly<Record<string, handleUnaryCall<never, unknown>>>;
  /** Why a call, by a peer with a certificate, is not served; `undefined`: it is. */
  readonly refuse: (request: object, peer: Peer) => string | undefined;
}

/** The world of a node, and how its virtual hosts are inlined where it needs that: default, as for all. */
export interface Placement {
  readonly world: World;
  readonly inline?: Inline;
}

/** Which streams are meant; default: all. */
export interface StreamChoice {
  readonly node?: string;
  readonly of?: (info: NodeInfo) => boolean;
}

/** A running ADS server. */
export interface AdsServer {
  /** Where it listens, with the real port; the first of {@link addresses}. */
  readonly address: string;
  readonly addresses: readonly string[];
  /** A snapshot of every stream. */
  nodes(): NodeView[];
  /** The nodes, each by its latest stream. */
  holders(): readonly Holder[];
  /**
   * Resolves once at least one node is connected, and each (or the given one) holds the wanted versions
   * of these resources, and nothing of those that are not wanted. Rejects when the signal aborts.
   */
  whenAccepted(
    refs: readonly ResourceRef[],
    options?: WaitOptions & { readonly node?: string },
  ): Promise<void>;
  /** Resolves once nothing is to be sent to any node (or those chosen), and nothing awaits an answer. */
  whenIdle(options?: WaitOptions & StreamChoice): Promise<void>;
  /** Resolves once `test` holds; it is tried whenever something has happened on a stream. */
  when(test: (nodes: () => NodeView[]) => boolean, options?: WaitOptions): Promise<void>;
  /** Ends the chosen streams with these words. Their nodes keep what they have, and come back to ask `onNode` again. */
  end(choice: StreamChoice, why: string): void;
  /** Ends all streams, and the server with them. Envoys keep what they have. */
  close(): Promise<void>;
}

/** HTTP/2 pings tell a dead client: after 30 s of silence, 10 s to answer. */
const KEEPALIVE = { "grpc.keepalive_time_ms": 30_000, "grpc.keepalive_timeout_ms": 10_000 };

/** A first request after a reconnect names all that the client holds: 10,000 hosts make about 1 MiB. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

type Call<Message> = ServerDuplexStream<Message & object, object>;

/** Serves ADS, both variants, until `close`. Throws an `AdsError` if it cannot listen. */
export async function serveAds(given: ServeOptions): Promise<AdsServer> {
  const options = given.inline === undefined ? given : { ...given, inline: cacheInline(given.inline) };
  const streams = new Set<Stream<object>>();
  const waiters = new Waiters();
  const makeServer = (peerOf: PeerOf) => {
    const server = new Server({
      ...KEEPALIVE,
      "grpc.max_receive_message_length": MAX_REQUEST_BYTES,
      "grpc.max_send_message_length": -1,
    });
    const handle = (call: ServerDuplexStream<object, object>, dialect: Dialect) => {
      const peer = peerOf(call);
      if (typeof peer === "string") call.emit("error", { code: Status.UNAUTHENTICATED, details: peer });
      else attend({ call, peer }, dialect, options, streams, waiters);
    };
    server.addService(adsService, {
      DeltaAggregatedResources: (call: Call<DeltaDiscoveryRequest>) => handle(call, DELTA),
      StreamAggregatedResources: (call: Call<DiscoveryRequest>) => handle(call, SOTW),
    });
    for (const service of given.services ?? []) addService(server, service, peerOf);
    return server;
  };
  const where = typeof given.address === "string" ? [given.address] : given.address;
  const listening = await listen(where, makeServer, {
    onRefused: (refused) => given.onHandshakeRefused?.(refused),
    onEnded(fingerprint, words) {
      for (const stream of streams)
        if (stream.peer?.fingerprint === fingerprint) stream.end(Status.UNAUTHENTICATED, words);
    },
  });
  const addresses = listening.map(({ address }) => address);
  const current = (choice: StreamChoice) =>
    [...streams].filter((stream) => !isSuperseded(stream, streams) && isChosen(stream.info, choice));
  const holders = new WeakMap<Stream<object>, Holder>();
  const holder = (stream: Stream<object>): Holder => {
    const known = holders.get(stream) ?? holderOf(stream.info, stream.session);
    holders.set(stream, known);
    return known;
  };
  const nodes = () =>
    [...streams].map((stream) => viewNode(stream.info, stream.session, isSuperseded(stream, streams)));
  return {
    address: addresses[0] ?? "",
    addresses,
    nodes,
    holders: () => current({}).map(holder),
    whenAccepted: (refs, wait = {}) =>
      waiters.until(() => {
        const found = current(wait);
        return found.length > 0 && found.every((stream) => holds(stream.session, refs));
      }, wait),
    whenIdle: (wait = {}) => waiters.until(() => current(wait).every((stream) => stream.idle), wait),
    when: (test, wait = {}) => waiters.until(() => test(nodes), wait),
    end(choice, why) {
      for (const stream of [...streams].filter(({ info }) => isChosen(info, choice)))
        stream.end(Status.UNAVAILABLE, why);
    },
    async close() {
      for (const { close } of listening) close();
      for (const stream of streams) stream.end(Status.UNAVAILABLE, "the control plane shuts down");
      await Promise.all(listening.map(({ server }) => shutDown(server)));
    },
  };
}

function addService(server: Server, { definition, handlers, refuse }: AddedService, peerOf: PeerOf): void {
  const guarded = Object.entries(handlers).map(([name, handler]) => {
    const guard = (call: ServerUnaryCall<object, unknown>, done: sendUnaryData<unknown>): void => {
      const peer = peerOf(call);
      const refused = typeof peer === "string" ? peer : peer && refuse(call.request, peer);
      if (refused !== undefined) done({ code: Status.UNAUTHENTICATED, details: refused });
      // The definition has decoded the message into the type that the handler takes.
      else handler(call as ServerUnaryCall<never, unknown>, done);
    };
    return [name, guard] as const;
  });
  server.addService(definition, Object.fromEntries(guarded));
}

/** What differs between the two methods. */
interface Dialect {
  readonly variant: Variant;
  readonly read: (message: object) => Request;
  readonly write: (response: Response) => object;
  readonly node: (message: object) => NodeInfo | undefined;
}

// The service definition decodes the messages of a method into the type that its reader takes.
const DELTA: Dialect = {
  variant: "delta",
  read: (message) => readDelta(message as DeltaDiscoveryRequest),
  write: writeDelta,
  node: (message) => nodeInfo((message as DeltaDiscoveryRequest).node),
};
const SOTW: Dialect = {
  variant: "sotw",
  read: (message) => readSotw(message as DiscoveryRequest),
  write: writeSotw,
  node: (message) => nodeInfo((message as DiscoveryRequest).node),
};

/** A call, and whose it is. */
interface Caller {
  readonly call: ServerDuplexStream<object, object>;
  readonly peer: Peer | undefined;
}

/** Attends to one call until it ends. */
function attend(
  caller: Caller,
  dialect: Dialect,
  options: ServeOptions,
  streams: Set<Stream<object>>,
  waiters: Waiters,
): void {
  const { call } = caller;
  let stream: Stream<object> | undefined;
  let ended = false;
  const failed = (error: unknown) => report(options, error, stream?.info.id ?? "");
  const close = () => {
    ended = true;
    if (stream === undefined || !streams.delete(stream)) return;
    stream.close();
    const { id } = stream.info;
    if (![...streams].some((other) => other.info.id === id)) stream.session.state.world.forgetNode(id);
    notify(options, { info: stream.info, connected: false });
    waiters.check();
  };
  call.on("data", (message: object) => {
    // What was on its way when the call ended must not open it again.
    if (ended) return;
    if (stream === undefined) {
      const opened = open(caller, dialect, options, message, { afterwards: () => waiters.check(), failed });
      if ("code" in opened) {
        call.emit("error", opened);
        return;
      }
      stream = opened;
      streams.add(stream);
      notify(options, { info: stream.info, connected: true });
    }
    stream.receive(dialect.read(message));
  });
  call.on("end", () => {
    close();
    call.end();
  });
  call.on("cancelled", close);
  call.on("error", close);
}

function notify(
  options: ServeOptions,
  event: { readonly info: NodeInfo; readonly connected: boolean },
): void {
  try {
    options.onConnection?.(event);
  } catch (error) {
    report(options, error, event.info.id);
  }
}

function report({ onError }: ServeOptions, error: unknown, node: string): void {
  if (onError === undefined) console.error(`Failed: the stream of node "${node}":`, error);
  else onError(error, node);
}

/** What a call is ended with. */
interface Ending {
  readonly code: Status;
  readonly details: string;
}

/** A stream for the node that its first request names, or why there is none. */
function open(
  { call, peer }: Caller,
  dialect: Dialect,
  options: ServeOptions,
  message: object,
  events: StreamEvents,
): Stream<object> | Ending {
  const invalid = (details: string): Ending => ({ code: Status.INVALID_ARGUMENT, details });
  const info = dialect.node(message);
  if (info === undefined) return invalid("the first request of a stream must name its node (node.id)");
  try {
    const placed = options.onNode(info, peer);
    if (typeof placed === "string") return invalid(placed);
    const { world, inline = options.inline }: Placement =
      placed instanceof World ? { world: placed } : placed;
    if (dialect.variant === "sotw" && inline === undefined)
      return invalid("this server speaks the incremental protocol only");
    const session = new NodeSession({
      node: info.id,
      variant: dialect.variant,
      world,
      ...(inline === undefined ? {} : { inline }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    return new Stream(info, session, { call, write: dialect.write, ...(peer && { peer }) }, events);
  } catch (error) {
    report(options, error, info.id);
    return { code: Status.INTERNAL, details: "the control plane failed; see its log" };
  }
}

/**
 * Whether a later stream bears the same node id. Both are served: in a hot restart two processes of one node live
 * side by side, and ending the older stream would only make it come back.
 */
function isSuperseded(stream: Stream<object>, streams: ReadonlySet<Stream<object>>): boolean {
  let seen = false;
  for (const other of streams) {
    if (other === stream) seen = true;
    else if (seen && other.info.id === stream.info.id) return true;
  }
  return false;
}

function isChosen(info: NodeInfo, { node, of }: StreamChoice): boolean {
  return (node === undefined || node === info.id) && (of === undefined || of(info));
}

function holds(session: NodeSession, refs: readonly ResourceRef[]): boolean {
  const { world, ledger } = session.state;
  return refs.every((ref) => {
    const key = resourceKey(ref);
    return ledger.held(key)?.version === world.wanted(key)?.version && !ledger.inFlight.has(key);
  });
}

function shutDown(server: Server): Promise<void> {
  return new Promise((done) => {
    // A client that does not read must not keep the server from ending.
    const force = setTimeout(() => server.forceShutdown(), 1_000);
    server.tryShutdown(() => {
      clearTimeout(force);
      done();
    });
  });
}
