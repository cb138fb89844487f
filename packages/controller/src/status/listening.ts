import type { Holder } from "@sluice/ads";
import { type ResourceRef, resourceKey } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import type { ServedGateway } from "../gateway/gateways.ts";

const LISTENERS: readonly ResourceRef[] = ["http", "https"].map((name) => ({
  typeUrl: TYPE_URLS.LISTENER,
  name,
}));

/** Connected nodes of a gateway, and how many of them have accepted every listener. */
export interface ListeningNodes {
  readonly nodes: number;
  readonly listening: number;
}

/** Of the nodes that are connected to this process. */
export function listeningNodes(
  { controlPlane }: Pick<ServedGateway, "controlPlane">,
  holders: readonly Holder[],
): ListeningNodes {
  const worlds = new Set(controlPlane.renderings().map(({ world }) => world));
  const nodes = holders.filter(({ world }) => worlds.has(world));
  return { nodes: nodes.length, listening: nodes.filter(isListening).length };
}

function isListening({ world, standing }: Holder): boolean {
  const wanted = LISTENERS.map(resourceKey).filter((key) => world.wanted(key) !== undefined);
  return wanted.length > 0 && wanted.every((key) => standing(key).kind === "held");
}
