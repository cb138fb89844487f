export * from "./annotations.ts";
export * from "./feature.ts";
export * from "./header-text.ts";
export * from "./keys.ts";
export * from "./parse-feature.ts";
export * from "./report.ts";
export * from "./stages.ts";
export * from "./value-type.ts";
