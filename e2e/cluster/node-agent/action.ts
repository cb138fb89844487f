import { spawn } from "node:child_process";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Program } from "./images.ts";
import type { Action, Container } from "./pod.ts";

export interface ActionContext {
  readonly container: Container;
  readonly address: string;
  readonly env: NodeJS.ProcessEnv;
  /** Makes a command line run where the container's process is; without it, it runs where we are. */
  readonly enter?: (program: Program) => Program;
}

/**
 * Does what a probe or a hook asks for; resolves with whether it succeeded: a status from 200 to 399, a connection, exit
 * code 0, or the time slept. False when the signal comes first, and for what the agent does not know (gRPC).
 */
export async function perform(action: Action, context: ActionContext, signal: AbortSignal): Promise<boolean> {
  const { httpGet, tcpSocket, exec, sleep } = action;
  if (signal.aborted) return false;
  if (httpGet) return get(httpGet, context, signal);
  if (tcpSocket)
    return canConnect(tcpSocket.host ?? context.address, portOf(tcpSocket.port, context), signal);
  if (exec) return execute(exec.command, context, signal);
  if (sleep) {
    return delay(sleep.seconds * 1000, undefined, { signal }).then(
      () => true,
      () => false,
    );
  }
  return false;
}

function get(
  target: NonNullable<Action["httpGet"]>,
  context: ActionContext,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const send = target.scheme === "HTTPS" ? httpsRequest : httpRequest;
    const options = {
      host: target.host ?? context.address,
      port: portOf(target.port, context),
      path: target.path ?? "/",
      headers: Object.fromEntries(target.httpHeaders?.map(({ name, value }) => [name, value]) ?? []),
      // A kubelet uses each connection once and checks no certificate.
      agent: false,
      rejectUnauthorized: false,
      signal,
    };
    const request = send(options, (response) => {
      response.resume();
      response.on("error", () => {});
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 400);
    });
    request.on("error", () => resolve(false));
    request.end();
  });
}

function canConnect(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

function execute(
  [first = "", ...rest]: readonly string[],
  { env, enter = (program) => program }: ActionContext,
  signal: AbortSignal,
): Promise<boolean> {
  const { command, args } = enter({ command: first, args: rest });
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, signal, killSignal: "SIGKILL", stdio: "ignore" });
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0));
  });
}

/** A port by number, or by its name in the container. An unknown name is port 0, where nobody answers. */
function portOf(port: number | string, { container }: ActionContext): number {
  if (typeof port === "number") return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? 0;
}
