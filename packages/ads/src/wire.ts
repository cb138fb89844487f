import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from "@sluice/protos";
import type { Request, Response } from "./protocol.ts";

/** Reads a request of the incremental protocol. */
export function readDelta(message: DeltaDiscoveryRequest): Request {
  return {
    ...readCommon(message),
    want: {
      variant: "delta",
      subscribe: message.resourceNamesSubscribe ?? [],
      unsubscribe: message.resourceNamesUnsubscribe ?? [],
      initialVersions: message.initialResourceVersions ?? {},
    },
  };
}

/** Reads a request of the state of the world protocol. */
export function readSotw(message: DiscoveryRequest): Request {
  return { ...readCommon(message), want: { variant: "sotw", names: message.resourceNames ?? [] } };
}

export function writeDelta(response: Response): DeltaDiscoveryResponse {
  return {
    typeUrl: response.typeUrl,
    nonce: response.nonce,
    // "systemVersionInfo is for debugging"; the nonce says as much.
    systemVersionInfo: response.nonce,
    resources: response.resources.map(({ name, version, typeUrl, bytes }) => ({
      name,
      version,
      resource: { typeUrl, value: bytes },
    })),
    removedResources: response.removed,
  };
}

export function writeSotw(response: Response): DiscoveryResponse {
  return {
    typeUrl: response.typeUrl,
    nonce: response.nonce,
    versionInfo: response.nonce,
    resources: response.resources.map(({ typeUrl, bytes }) => ({ typeUrl, value: bytes })),
  };
}

function readCommon(message: DeltaDiscoveryRequest | DiscoveryRequest): Omit<Request, "want"> {
  const error = message.errorDetail;
  return {
    typeUrl: message.typeUrl ?? "",
    nonce: message.responseNonce ?? "",
    ...(error === undefined ? {} : { error: error.message ?? "" }),
  };
}
