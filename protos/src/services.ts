import type { MethodDefinition, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
  ServiceName,
} from "../gen/types.js";
import { type AnyMessage, decodeMessage } from "./decode.ts";
import type { MethodDescriptor } from "./descriptor.ts";
import { encodeMessage } from "./encode.ts";
import { messageInfo, serviceMethods } from "./registry.ts";

/**
 * What `@grpc/grpc-js` needs to serve a service or to make a client of it (`makeGenericClientConstructor`).
 * Messages are as everywhere in this package; the bytes in an `Any` pass through as they are.
 */
export function serviceDefinition(service: ServiceName): ServiceDefinition<UntypedServiceImplementation> {
  const methods = Object.entries(serviceMethods(service));
  return Object.fromEntries(methods.map(([name, method]) => [name, methodDefinition(service, name, method)]));
}

/** The methods of the aggregated discovery service with their messages. */
export interface AdsService extends UntypedDefinition {
  readonly StreamAggregatedResources: MethodDefinition<DiscoveryRequest, DiscoveryResponse>;
  readonly DeltaAggregatedResources: MethodDefinition<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;
}

type UntypedDefinition = ServiceDefinition<UntypedServiceImplementation>;

// The definition is derived from the same schema as the types of its messages.
/** `envoy.service.discovery.v3.AggregatedDiscoveryService`, for servers and clients. */
export const adsService = serviceDefinition(
  "envoy.service.discovery.v3.AggregatedDiscoveryService",
) as AdsService;

function methodDefinition(
  service: string,
  name: string,
  method: MethodDescriptor,
): MethodDefinition<object, object> {
  const request = codec(method.request);
  const response = codec(method.response);
  return {
    path: `/${service}/${name}`,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: request.serialize,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize,
    responseDeserialize: response.deserialize,
    originalName: name,
  };
}

function codec(name: string): { serialize(message: object): Buffer; deserialize(bytes: Buffer): AnyMessage } {
  return {
    serialize(message) {
      const bytes = encodeMessage(messageInfo(name), message);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    deserialize: (bytes) => decodeMessage(messageInfo(name), bytes),
  };
}
