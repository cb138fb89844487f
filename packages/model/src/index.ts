export * from "./diagnostic.ts";
export * from "./diagnostic-codes.ts";
export * from "./gateway.ts";
export * from "./gateway-settings.ts";
export * from "./kubernetes.ts";
export * from "./object-ref.ts";
export * from "./origin.ts";
export * from "./resource.ts";
