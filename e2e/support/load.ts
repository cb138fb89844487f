import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";

/** What a load has seen. */
export interface LoadResult {
  readonly requests: number;
  /** Requests that failed, each in words. */
  readonly failures: readonly string[];
  /** Connections that the gateway closed. */
  readonly closed: number;
}

/** Clients that run until they are stopped. */
export interface Load {
  stop(): Promise<LoadResult>;
}

interface Tally {
  requests: number;
  failures: string[];
  closed: number;
  stopping: boolean;
}

function load(start: (tally: Tally) => { done: Promise<unknown>; end: () => void }): Load {
  const tally: Tally = { requests: 0, failures: [], closed: 0, stopping: false };
  const { done, end } = start(tally);
  return {
    async stop() {
      tally.stopping = true;
      await done;
      end();
      return tally;
    },
  };
}

/** `count` connections of HTTP/1.1, each sending one GET after the other with `pauseMs` in between. */
export function http1KeepAlive(options: {
  readonly port: number;
  readonly host: string;
  readonly count: number;
  readonly pauseMs: number;
}): Load {
  return load((tally) => {
    const sockets = Array.from({ length: options.count }, () => {
      const socket = connectTcp(options.port, "127.0.0.1");
      socket.setNoDelay(true);
      socket.on("error", (error) => tally.failures.push(`socket: ${error.message}`));
      socket.on("close", () => {
        if (!tally.stopping) tally.closed++;
      });
      return socket;
    });
    const done = Promise.all(
      sockets.map(async (socket) => {
        while (!tally.stopping && !socket.destroyed) {
          await http1Request(socket, options.host, tally);
          await pause(options.pauseMs);
        }
      }),
    );
    return { done, end: () => sockets.forEach((socket) => void socket.destroy()) };
  });
}

/** One request on a socket of our own: node's client would hide that a connection was replaced. */
async function http1Request(socket: Socket, host: string, tally: Tally): Promise<void> {
  tally.requests++;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let text = "";
  const onData = (chunk: Buffer): void => {
    text += chunk.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1];
    if (length !== undefined && text.length < end + 4 + Number(length)) return;
    const status = text.slice(9, 12);
    if (/\r\nconnection: close/i.test(text.slice(0, end))) resolve(`connection: close with ${status}`);
    else resolve(status === "200" ? undefined : `status ${text.slice(0, 60)}`);
  };
  const onClose = (): void => resolve("closed before the answer");
  socket.on("data", onData).once("close", onClose);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const fault = await promise;
  socket.off("data", onData).off("close", onClose);
  if (fault !== undefined) tally.failures.push(fault);
}

/** `count` HTTP/2 connections over TLS, each with one answer that streams on, and GETs beside it. */
export function http2Streams(options: {
  readonly port: number;
  readonly host: string;
  readonly count: number;
  readonly pauseMs: number;
}): Load {
  return load((tally) => {
    const sessions = Array.from({ length: options.count }, () => {
      const session = connectHttp2(`https://127.0.0.1:${options.port}`, {
        servername: options.host,
        rejectUnauthorized: false,
      });
      session.on("error", (error) => tally.failures.push(`session: ${error.message}`));
      session.on("goaway", () => {
        if (!tally.stopping) tally.closed++;
      });
      session.on("close", () => {
        if (!tally.stopping) tally.closed++;
      });
      const stream = session.request({ ":path": "/", ":authority": options.host, "x-echo-stream": "true" });
      stream.on("error", (error) => tally.failures.push(`stream: ${error.message}`));
      stream.on("close", () => {
        if (!tally.stopping) tally.failures.push("an open stream was ended");
      });
      stream.resume();
      return session;
    });
    const done = Promise.all(
      sessions.map(async (session) => {
        while (!tally.stopping && !session.destroyed) {
          tally.requests++;
          const { promise, resolve } = Promise.withResolvers<void>();
          const stream = session.request({ ":path": "/", ":authority": options.host });
          stream.on("response", (headers) => {
            if (headers[":status"] !== 200) tally.failures.push(`h2 status ${headers[":status"]}`);
          });
          stream.on("error", (error) => tally.failures.push(`h2: ${error.message}`));
          stream.on("close", resolve);
          stream.resume();
          await promise;
          await pause(options.pauseMs);
        }
      }),
    );
    return { done, end: () => sessions.forEach((session) => void session.destroy()) };
  });
}

/** `count` WebSockets, each sending a text and waiting for its echo. */
export function webSockets(options: {
  readonly port: number;
  readonly host: string;
  readonly count: number;
  readonly pauseMs: number;
}): Load {
  return load((tally) => {
    const sockets = Array.from({ length: options.count }, () => {
      const socket = new WebSocket(`ws://127.0.0.1:${options.port}/`, { headers: { host: options.host } });
      socket.on("error", (error) => tally.failures.push(`websocket: ${error.message}`));
      socket.on("close", () => {
        if (!tally.stopping) tally.closed++;
      });
      return socket;
    });
    const done = Promise.all(
      sockets.map(async (socket) => {
        // The backend says its name first.
        await new Promise((resolve) => socket.once("message", resolve));
        for (let n = 0; !tally.stopping && socket.readyState === WebSocket.OPEN; n++) {
          tally.requests++;
          const answer = new Promise((resolve) => socket.once("message", (data) => resolve(String(data))));
          socket.send(`message ${n}`);
          const text = await answer;
          if (text !== `message ${n}`) tally.failures.push(`websocket answered ${String(text).slice(0, 60)}`);
          await pause(options.pauseMs);
        }
      }),
    );
    return { done, end: () => sockets.forEach((socket) => void socket.terminate()) };
  });
}

/** GETs at a steady rate, whatever the answers take, each on whatever connection there is. */
export function steadyGets(options: {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly perSecond: number;
}): Load {
  return load((tally) => {
    const flying = new Set<Promise<void>>();
    const send = (): void => {
      tally.requests++;
      const { promise, resolve } = Promise.withResolvers<void>();
      const { host, port, path = "/" } = options;
      const request = httpRequest({ host: "127.0.0.1", port, path, headers: { host } });
      request.setTimeout(20_000, () => request.destroy(new Error("no answer in 20 s")));
      request.on("error", (error) => {
        tally.failures.push(error.message);
        resolve();
      });
      request.on("response", (response) => {
        if (response.statusCode !== 200) tally.failures.push(`status ${response.statusCode}`);
        response.on("close", resolve).resume();
      });
      request.end();
      flying.add(promise);
      void promise.then(() => flying.delete(promise));
    };
    const loop = async (): Promise<void> => {
      const startedAt = performance.now();
      for (let sent = 0; !tally.stopping; ) {
        const due = Math.floor(((performance.now() - startedAt) / 1000) * options.perSecond);
        for (; sent < due; sent++) send();
        await pause(5);
      }
      await Promise.all(flying);
    };
    return { done: loop(), end: () => {} };
  });
}
