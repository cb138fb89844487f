export type { EchoAnswer } from "./description.ts";
export { type EchoBackend, type EchoCounts, type EchoOptions, startEcho } from "./echo-server.ts";
