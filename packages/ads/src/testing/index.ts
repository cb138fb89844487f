export { FakeEnvoy, type FakeEnvoyOptions, type Received } from "./fake-envoy.ts";
