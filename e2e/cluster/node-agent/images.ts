import { dirname, join } from "node:path";
import { cachedEnvoyPath } from "@sluice/envoy";
import type { Container, Pod } from "./pod.ts";

/** What an image is here: how the process of a container is started, and in what surroundings. */
export interface Image {
  /**
   * `own`: a Pod with such a container has network, volumes and a root of its own, as a real one; its processes may
   * listen on 0.0.0.0. `node`, which is cheaper: its processes run in the node's namespaces and listen on the Pod's
   * address; volumes are not mounted. Default `node`.
   */
  readonly network?: "own" | "node";
  /** The entry point. What the container has in `args` is appended; its `command` replaces it. */
  readonly program: (context: ImageContext) => Program;
  /** Folders that come first in PATH. */
  readonly path?: readonly string[];
}

export interface ImageContext {
  readonly pod: Pod;
  readonly container: Container;
  /** The Pod's, which the process must listen on when the image shares the node's network. */
  readonly address: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

const CONTROLLER = join(import.meta.dirname, "../../../packages/controller/src/cli.ts");
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

/** The checkout's own command line, by the Node that runs this. */
function controller(): Program {
  return { command: process.execPath, args: [CONTROLLER] };
}

/** The Envoy of the cache, as the entry point of the official image: `args` may begin with `envoy` or with a flag. */
function envoyProgram({ container }: ImageContext): Program {
  const named = container.args?.[0] !== undefined && !container.args[0].startsWith("-");
  // Found by PATH, the image's folder first.
  return named ? { command: "env", args: [] } : { command: "envoy", args: [] };
}

const sluice: Image = { network: "own", program: controller };
const envoy: Image = { network: "own", program: envoyProgram, path: [dirname(cachedEnvoyPath())] };
/** Runs the container's `command` in the surroundings of a real Pod. */
const shell: Image = { network: "own", program: () => ({ command: "sh", args: [] }) };

/** The images of every agent, by name without registry, tag and digest. */
export const IMAGES: Readonly<Record<string, Image>> = {
  "sluice/echo": { program: echo },
  /** The same with a network of its own, and so on 0.0.0.0. */
  "sluice/echo-own": {
    network: "own",
    program: (context) => echo({ ...context, address: "0.0.0.0" }),
  },
  sluice,
  "sluice/controller": sluice,
  "sluice/gateway": envoy,
  "envoyproxy/envoy": envoy,
  "sluice/shell": shell,
};

/** The image of a reference such as `registry.example/team/sluice/controller:v1@sha256:…`, by the end of its name. */
export function findImage(images: Readonly<Record<string, Image>>, reference: string): Image | undefined {
  const parts = (reference.split("@")[0] ?? "").replace(/:[^/:]*$/, "").split("/");
  for (let from = 0; from < parts.length; from++) {
    const image = images[parts.slice(from).join("/")];
    if (image !== undefined) return image;
  }
  return undefined;
}
