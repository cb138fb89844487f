export type * from "../gen/types.js";
export { any, hash, type Json, struct, structValue } from "./any.ts";
export { decode } from "./decode.ts";
export { assertKnownFields, encode } from "./encode.ts";
export { fromJson } from "./from-json.ts";
export { isKnownType, type MessageName, type MessageOf, type TypeUrl, typeUrl } from "./registry.ts";
export { type AdsService, adsService, serviceDefinition } from "./services.ts";
export { REDACTED, type ToJsonOptions, toJson } from "./to-json.ts";
export { isResourceTypeUrl, type ResourceTypeUrl, TYPE_URLS } from "./types.ts";
