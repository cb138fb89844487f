import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { adsService, type DeltaDiscoveryRequest } from "@sluice/protos";

/** A client that sends any bytes, or any message, and reads nothing unless told to. */
export interface RawClient {
  send(message: DeltaDiscoveryRequest): void;
  sendBytes(bytes: Uint8Array): void;
  /** Resolves with the details of the error that ends the stream, or with nothing when it just ends. */
  readonly ended: Promise<string>;
  close(): void;
}

export function rawClient(address: string): RawClient {
  const client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  const { path, requestSerialize } = adsService.DeltaAggregatedResources;
  const identity = (bytes: Buffer) => bytes;
  const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(path, identity, identity);
  const { promise, resolve } = Promise.withResolvers<string>();
  call.on("error", (error) => resolve(error.message));
  call.on("end", () => resolve(""));
  call.resume();
  return {
    send: (message) => void call.write(requestSerialize(message)),
    sendBytes: (bytes) => void call.write(Buffer.from(bytes)),
    ended: promise,
    close() {
      call.cancel();
      client.close();
    },
  };
}
