import { type ServerDuplexStream, status as Status } from "@grpc/grpc-js";
import type { NodeInfo } from "./node-info.ts";
import type { NodeSession } from "./node-session.ts";
import type { Peer } from "./peer.ts";
import type { Request, Response } from "./protocol.ts";

/** What a stream needs of the call below it. */
export interface Transport<Message> {
  readonly call: ServerDuplexStream<object, Message>;
  readonly write: (response: Response) => Message;
  /** Absent: in plain text, on this host. */
  readonly peer?: Peer;
}

export interface StreamEvents {
  /** Something has been processed. */
  readonly afterwards: () => void;
  /** An exception ends the stream: a bug. */
  readonly failed: (error: unknown) => void;
}

/**
 * One stream of one node: pumps what the session may send into the call, as fast as the client takes it.
 * Each stream has its own turn of the event loop, so that a slow or busy one does not hold up another. An exception
 * ends this stream and nothing else: what the session knows can be trusted no more, and the client comes back.
 */
export class Stream<Message = unknown> {
  readonly info: NodeInfo;
  readonly session: NodeSession;
  readonly #transport: Transport<Message>;
  readonly #events: StreamEvents;
  readonly #unsubscribe: () => void;
  #scheduled: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #blocked = false;
  #closed = false;

  constructor(info: NodeInfo, session: NodeSession, transport: Transport<Message>, events: StreamEvents) {
    this.info = info;
    this.session = session;
    this.#transport = transport;
    this.#events = events;
    this.#unsubscribe = session.state.world.subscribe((keys) => {
      this.#guard(() => session.onChange(keys));
      this.schedule();
    });
  }

  /** Whose certificate it came with. */
  get peer(): Peer | undefined {
    return this.#transport.peer;
  }

  /** The client sent this. */
  receive(request: Request): void {
    this.#guard(() => this.session.onRequest(request));
    this.schedule();
  }

  /** Whether nothing is to be sent, and nothing waits for an answer. */
  get idle(): boolean {
    return this.#scheduled === undefined && this.session.idle;
  }

  /** Sends what may be sent, soon: changes that come together leave together. */
  schedule(): void {
    if (this.#closed || this.#blocked) return;
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#guard(() => this.#pump());
    });
  }

  /** Ends the call with an error. */
  end(code: Status, details: string): void {
    if (this.#closed) return;
    this.#transport.call.emit("error", { code, details });
    this.close();
  }

  /** The call has ended. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#scheduled);
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }

  #guard(act: () => void): void {
    if (this.#closed) return;
    try {
      act();
    } catch (error) {
      this.#events.failed(error);
      this.end(Status.INTERNAL, "the control plane failed; see its log");
    }
  }

  #pump(): void {
    const { call, write } = this.#transport;
    for (const response of this.session.next()) {
      // At most one response of each type is under way, so what piles up here is bounded.
      if (call.write(write(response)) || this.#blocked) continue;
      this.#blocked = true;
      call.once("drain", () => {
        this.#blocked = false;
        this.schedule();
      });
    }
    this.#wind();
    this.#events.afterwards();
  }

  #wind(): void {
    clearTimeout(this.#timer);
    const at = this.session.wakeAt;
    if (at === undefined) return;
    this.#timer = setTimeout(() => this.schedule(), at - Date.now() + 1);
    this.#timer.unref();
  }
}
