export * from "./arbitrary-values.ts";
export * from "./arbitrary-world.ts";
export * from "./huge-values.ts";
export * from "./key-pair.ts";
export * from "./objects.ts";
export * from "./translation.ts";
