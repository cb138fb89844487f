export { type Asked, type FakeApiServer, fakeApiServer, kubeConfigOf } from "./fake-api-server.ts";
export { type FakeClock, fakeClock } from "./fake-clock.ts";
