import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./images.ts";
import type { Container } from "./pod.ts";
import { type Mount, scratchFolder, startSandbox } from "./sandbox.ts";
import type { SourceContext } from "./volume-source.ts";
import { createVolumes } from "./volumes.ts";

/** What a Pod's containers share when they do not run in the namespaces of the node: network, host name, volumes. */
export interface PodBox {
  /** The command line by which a program runs as a container does. */
  wrap(container: Container, program: Program): Program;
  close(): Promise<void>;
}

export interface PodBoxOptions extends SourceContext {
  /** For volumes and roots; removed at the end. */
  readonly folder: string;
  /** Where names are resolved. */
  readonly dnsAddress: string;
}

/** Resolves when the network and all volumes are there. */
export async function openPodBox(options: PodBoxOptions): Promise<PodBox> {
  const { folder, place, dnsAddress, signal } = options;
  const { pod, address, hostAddress } = place();
  const hostname = pod.metadata.name.slice(0, 63);
  mkdirSync(folder, { recursive: true });
  const sandbox = await startSandbox({ address, nodeAddress: hostAddress, hostname });
  const volumes = createVolumes(folder, options);
  const given = systemFiles(folder, { hostname, address, dnsAddress, namespace: pod.metadata.namespace });
  const close = async (): Promise<void> => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const left = new Promise<void>((resolve) => {
    // The Pod may have gone while its network was made.
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([volumes.ready, left]);
  return {
    wrap: (container, program) =>
      sandbox.inside({
        program,
        scratch: scratchFolder(folder, container.name),
        readOnlyRoot: container.securityContext?.readOnlyRootFilesystem ?? false,
        workingDir: container.workingDir ?? "/",
        mounts: [...given, ...volumes.mounts(container)],
      }),
    close,
  };
}

interface SystemFacts {
  readonly hostname: string;
  readonly address: string;
  readonly dnsAddress: string;
  readonly namespace: string | undefined;
}

/** As a kubelet writes them: kubernetes.io/docs/concepts/services-networking/dns-pod-service. */
function systemFiles(folder: string, facts: SystemFacts): readonly Mount[] {
  const { hostname, address, dnsAddress, namespace = "default" } = facts;
  const search = `${namespace}.svc.cluster.local svc.cluster.local cluster.local`;
  const texts = {
    "resolv.conf": `nameserver ${dnsAddress}\nsearch ${search}\noptions ndots:5\n`,
    hosts: `127.0.0.1 localhost\n::1 localhost\n${address} ${hostname}\n`,
  };
  return Object.entries(texts).map(([name, text]) => {
    const source = join(folder, name);
    writeFileSync(source, text);
    return { source, target: `/etc/${name}`, readOnly: false };
  });
}
