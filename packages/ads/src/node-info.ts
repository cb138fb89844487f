import type { BuildVersion, Node } from "@sluice/protos";

/** What a node says about itself in its first request. */
export interface NodeInfo {
  /** Unique among the nodes of a control plane. */
  readonly id: string;
  readonly cluster: string;
  /** `MAJOR.MINOR.PATCH`; empty if the node does not say. */
  readonly version: string;
  readonly userAgent: string;
  readonly extensions: readonly NodeExtension[];
}

/** An extension that is built into the node and not disabled. */
export interface NodeExtension {
  readonly name: string;
  readonly category: string;
  /** Type URLs or full names of the messages that configure it, as Envoy lists them. */
  readonly typeUrls: readonly string[];
}

/** Reads a node; `undefined` if it has no id. */
export function nodeInfo(node: Node | undefined): NodeInfo | undefined {
  if (node?.id === undefined || node.id === "") return undefined;
  const extensions = (node.extensions ?? []).filter((extension) => extension.disabled !== true);
  return {
    id: node.id,
    cluster: node.cluster ?? "",
    version: versionOf(node.userAgentBuildVersion) ?? node.userAgentVersion ?? "",
    userAgent: node.userAgentName ?? "",
    extensions: extensions.map(({ name, category, typeUrls }) => ({
      name: name ?? "",
      category: category ?? "",
      typeUrls: typeUrls ?? [],
    })),
  };
}

function versionOf(build: BuildVersion | undefined): string | undefined {
  if (build?.version === undefined) return undefined;
  const { majorNumber = 0, minorNumber = 0, patch = 0 } = build.version;
  return `${majorNumber}.${minorNumber}.${patch}`;
}
