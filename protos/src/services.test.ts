import {
  type ClientDuplexStream,
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import {
  adsService,
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  encode,
  TYPE_URLS,
} from "./index.ts";

const server = new Server();
afterEach(() => server.forceShutdown());

test("a delta stream carries the bytes of a resource as they are", async () => {
  const bytes = encode(TYPE_URLS.VIRTUAL_HOST, { name: "v", domains: ["*"] });
  server.addService(adsService, {
    DeltaAggregatedResources(call: ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>) {
      call.on("data", (request: DeltaDiscoveryRequest) => {
        const [name = ""] = request.resourceNamesSubscribe ?? [];
        const resource = { typeUrl: TYPE_URLS.VIRTUAL_HOST, value: bytes };
        call.write({
          typeUrl: TYPE_URLS.VIRTUAL_HOST,
          nonce: "1",
          resources: [{ name, version: "7", resource }],
        });
      });
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const Client = makeGenericClientConstructor(adsService, "ads");
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const method = adsService.DeltaAggregatedResources;
  const stream: ClientDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse> =
    client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  const received = new Promise<DeltaDiscoveryResponse>((resolve, reject) =>
    stream.on("data", resolve).on("error", reject),
  );
  stream.write({
    typeUrl: TYPE_URLS.VIRTUAL_HOST,
    resourceNamesSubscribe: ["r/*"],
    initialResourceVersions: { b: "2", a: "1" },
  });
  const response = await received;
  stream.on("error", () => undefined);
  client.close();
  expect(response).toEqual({
    typeUrl: TYPE_URLS.VIRTUAL_HOST,
    nonce: "1",
    resources: [{ name: "r/*", version: "7", resource: { typeUrl: TYPE_URLS.VIRTUAL_HOST, value: bytes } }],
  });
});
