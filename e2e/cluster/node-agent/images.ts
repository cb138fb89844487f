import { join } from "node:path";
import type { Container, Pod } from "./pod.ts";

/** What an image is here: how the process of a container is started. */
export type Image = (context: ImageContext) => Program;

export interface ImageContext {
  readonly pod: Pod;
  readonly container: Container;
  /** The Pod's, which the process must listen on: all Pods share one network namespace. */
  readonly address: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

const ECHO = join(import.meta.dirname, "../../../packages/echo-backend/src/cli.ts");

/**
 * The echo backend on each TCP port of the container, else on 8080. It calls itself `ECHO_NAME`, else as its Pod;
 * with `ECHO_ABRUPT` it ends at once on SIGTERM, whatever it is answering.
 */
export function echo({ pod, container, address, env }: ImageContext): Program {
  const declared =
    container.ports?.filter(({ protocol }) => protocol === undefined || protocol === "TCP") ?? [];
  const ports = declared.length === 0 ? [8080] : declared.map(({ containerPort }) => containerPort);
  return {
    command: process.execPath,
    args: [
      ECHO,
      ...ports.flatMap((port) => ["--listen", `${address}:${port}`]),
      ...["--name", env.ECHO_NAME ?? pod.metadata.name],
      ...(env.ECHO_ABRUPT === undefined ? [] : ["--abrupt"]),
    ],
  };
}

/** The images of every agent, by name without tag. */
export const IMAGES: Readonly<Record<string, Image>> = { "sluice/echo": echo };
