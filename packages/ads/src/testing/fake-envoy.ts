import {
  type ChannelCredentials,
  type ClientDuplexStream,
  credentials,
  makeGenericClientConstructor,
} from "@grpc/grpc-js";
import {
  adsService,
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  type DiscoveryRequest,
  type DiscoveryResponse,
  type Node,
} from "@sluice/protos";
import type { Variant } from "../node-state.ts";
import { Inbox } from "./inbox.ts";

export interface FakeEnvoyOptions {
  /** As `AdsServer.address`. */
  readonly address: string;
  readonly node: string;
  /** Default `delta`. */
  readonly variant?: Variant;
  /** More about the node. */
  readonly about?: Node;
  /** Default: plain text. */
  readonly credentials?: ChannelCredentials;
}

/** A response as the client sees it, alike in both variants. */
export interface Received {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Name (delta) or, without one, position (state of the world) → bytes. */
  readonly resources: ReadonlyMap<string, { readonly version: string; readonly bytes: Uint8Array }>;
  readonly removed: readonly string[];
}

type Call = ClientDuplexStream<
  DeltaDiscoveryRequest | DiscoveryRequest,
  DeltaDiscoveryResponse | DiscoveryResponse
>;

const METHODS = { delta: "DeltaAggregatedResources", sotw: "StreamAggregatedResources" } as const;

/**
 * An ADS client for tests, over a real connection. It does what it is told and nothing by itself: a test
 * subscribes, takes the responses that it expects, and accepts or refuses each.
 */
export class FakeEnvoy {
  readonly #options: FakeEnvoyOptions;
  readonly #client: InstanceType<ReturnType<typeof makeGenericClientConstructor>>;
  #inbox = new Inbox<Received>();
  #call: Call;
  #first = true;

  constructor(options: FakeEnvoyOptions) {
    this.#options = options;
    const Client = makeGenericClientConstructor(adsService, "AggregatedDiscoveryService");
    this.#client = new Client(options.address, options.credentials ?? credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
    });
    this.#call = this.#connect();
  }

  get variant(): Variant {
    return this.#options.variant ?? "delta";
  }

  /** Subscribes: on delta to these names in addition, on state of the world to these and no others. */
  subscribe(
    typeUrl: string,
    names: readonly string[] = [],
    initialVersions: Record<string, string> = {},
  ): void {
    if (this.variant === "delta")
      this.#send({ typeUrl, resourceNamesSubscribe: names, initialResourceVersions: initialVersions });
    else this.#send({ typeUrl, resourceNames: names, responseNonce: this.#nonces.get(typeUrl) ?? "" });
    this.#names.set(typeUrl, names);
  }

  /** Delta only. */
  unsubscribe(typeUrl: string, names: readonly string[]): void {
    this.#send({ typeUrl, resourceNamesUnsubscribe: names });
  }

  /** The next response of a type. Rejects when the stream ends or the signal of the test does. */
  async expectResources(typeUrl: string): Promise<Received> {
    const received = await this.#inbox.take((response) => response.typeUrl === typeUrl);
    this.#nonces.set(typeUrl, received.nonce);
    return received;
  }

  /** Responses that arrived and that nobody has taken. */
  get unexpected(): readonly Received[] {
    return this.#inbox.items;
  }

  /** Accepts a response. */
  ack(received: Received): void {
    this.#answer(received, {});
  }

  /** Refuses a response. */
  nack(received: Received, text: string): void {
    this.#answer(received, { errorDetail: { code: 3, message: text } });
  }

  /** Takes the next response of a type and accepts it. */
  async accept(typeUrl: string): Promise<Received> {
    const received = await this.expectResources(typeUrl);
    this.ack(received);
    return received;
  }

  /** Takes the next response of a type and refuses it. */
  async refuse(typeUrl: string, text: string): Promise<Received> {
    const received = await this.expectResources(typeUrl);
    this.nack(received, text);
    return received;
  }

  /** Ends the stream and begins a new one; the test subscribes again, with the versions that it wants to claim. */
  reconnect(): void {
    this.#call.cancel();
    this.#inbox = new Inbox();
    this.#nonces.clear();
    this.#names.clear();
    this.#first = true;
    this.#call = this.#connect();
  }

  /** Resolves with the details of the error that ends the stream. */
  async ended(): Promise<string> {
    return this.#inbox.ended;
  }

  /** Stops reading, as a stuck process does. */
  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }

  readonly #nonces = new Map<string, string>();
  readonly #names = new Map<string, readonly string[]>();

  #answer(received: Received, error: Pick<DiscoveryRequest, "errorDetail">): void {
    const { typeUrl, nonce } = received;
    const names = this.variant === "sotw" ? { resourceNames: this.#names.get(typeUrl) ?? [] } : {};
    this.#send({ typeUrl, responseNonce: nonce, ...names, ...error });
  }

  #send(message: DeltaDiscoveryRequest | DiscoveryRequest): void {
    // As Envoy does: the node is in the first request of a stream only.
    const node: Node = { id: this.#options.node, cluster: "test", ...this.#options.about };
    this.#call.write(this.#first ? { node, ...message } : message);
    this.#first = false;
  }

  #connect(): Call {
    const method = adsService[METHODS[this.variant]];
    const inbox = this.#inbox;
    // Both methods have the same shape; the variant decides which of the two message types is meant.
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize as (message: object) => Buffer,
      method.responseDeserialize as (bytes: Buffer) => object,
    ) as Call;
    call.on("data", (message) => inbox.put(receive(message)));
    call.on("error", (error) => inbox.end(error));
    call.on("end", () => inbox.end(new Error("the server ended the stream")));
    return call;
  }
}

function receive(message: DeltaDiscoveryResponse | DiscoveryResponse): Received {
  const resources = new Map<string, { version: string; bytes: Uint8Array }>();
  for (const [index, item] of (message.resources ?? []).entries()) {
    if ("resource" in item)
      resources.set(item.name ?? "", { version: item.version ?? "", bytes: item.resource?.value ?? EMPTY });
    else if ("value" in item) resources.set(`${index}`, { version: "", bytes: item.value ?? EMPTY });
  }
  const removed = "removedResources" in message ? (message.removedResources ?? []) : [];
  return { typeUrl: message.typeUrl ?? "", nonce: message.nonce ?? "", resources, removed };
}

const EMPTY = new Uint8Array();
